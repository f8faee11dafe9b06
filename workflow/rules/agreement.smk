# Agreement scores: of every task set with the main protocol; and by the protocols of comparisons and studies.


rule agreement:
    input:
        code("whichtask.cli.experiments:agreement"),
        data="<results>/data/{data}.npz",
        tasks="<results>/tasks/{data}/{set}.npz",
    output:
        table="<results>/agreement/{data}/{network}/{set}.csv",
        settings="<results>/agreement/{data}/{network}/{set}.yaml",
    log:
        "<logs>/agreement/{data}/{network}/{set}.log",
    benchmark:
        "<benchmarks>/agreement/{data}/{network}/{set}.tsv"
    # The long jobs first, so that no core waits at the end.
    priority: 20
    conda:
        ENVIRONMENT
    # Two single-threaded jobs are faster than one after another with two threads: the networks are small.
    threads: 1
    resources:
        gpu=1,
        mem_mb=1500,
        runtime=600,
    params:
        results=lambda wildcards: RESULTS,
        job=lambda wildcards: AgreementJob.of(PLAN.settings_of[wildcards.data], wildcards.network).model_dump_json(),
        first=[],
    message:
        "score {wildcards.set} tasks with {wildcards.network}"
    shell:
        "whichtask agreement --data {input.data:q} --tasks {input.tasks:q} --out {output.table:q} {params.first:q} "
        "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"


use rule agreement as agreement_comparison with:
    output:
        table="<results>/agreement/{data}/{network}/{protocol}/{set}.csv",
        settings="<results>/agreement/{data}/{network}/{protocol}/{set}.yaml",
    log:
        "<logs>/agreement/{data}/{network}/{protocol}/{set}.log",
    benchmark:
        "<benchmarks>/agreement/{data}/{network}/{protocol}/{set}.tsv"
    priority: 0
    params:
        results=lambda wildcards: RESULTS,
        job=lambda wildcards: AgreementJob.of(
            PLAN.settings_of[wildcards.data], wildcards.network, **PLAN.protocols[wildcards.protocol].changes
        ).model_dump_json(),
        first=lambda wildcards: [f"--first={n}" for n in (PLAN.protocols[wildcards.protocol].first,) if n],
    message:
        "score {wildcards.set} tasks with {wildcards.network} ({wildcards.protocol})"
