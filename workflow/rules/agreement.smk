# Agreement scores: of every task set with the main protocol; and by the protocols of comparisons and studies.


rule agreement:
    input:
        code("agreement"),
        data=f"{RESULTS}/data/{{data}}.npz",
        tasks=f"{RESULTS}/tasks/{{data}}/{{set}}.npz",
    output:
        table=f"{RESULTS}/agreement/{{data}}/{{network}}/{{set}}.csv",
        settings=f"{RESULTS}/agreement/{{data}}/{{network}}/{{set}}.yaml",
    log:
        f"{RESULTS}/logs/agreement/{{data}}/{{network}}/{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/agreement/{{data}}/{{network}}/{{set}}.tsv"
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
        job=lambda wildcards: AgreementJob.of(
            SETTINGS_OF[wildcards.data], wildcards.network
        ).model_dump_json(),
    message:
        "score {wildcards.set} tasks with {wildcards.network}"
    shell:
        "whichtask agreement --data {input.data:q} --tasks {input.tasks:q} --out {output.table:q} "
        "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"


rule agreement_comparison:
    input:
        code("agreement"),
        data=f"{RESULTS}/data/{{data}}.npz",
        tasks=f"{RESULTS}/tasks/{{data}}/{{set}}.npz",
    output:
        table=f"{RESULTS}/agreement/{{data}}/{{network}}/{{protocol}}/{{set}}.csv",
        settings=f"{RESULTS}/agreement/{{data}}/{{network}}/{{protocol}}/{{set}}.yaml",
    log:
        f"{RESULTS}/logs/agreement/{{data}}/{{network}}/{{protocol}}/{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/agreement/{{data}}/{{network}}/{{protocol}}/{{set}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=1,
        mem_mb=1500,
        runtime=600,
    params:
        results=lambda wildcards: RESULTS,
        job=lambda wildcards: AgreementJob.of(
            SETTINGS_OF[wildcards.data],
            wildcards.network,
            **PROTOCOLS[wildcards.protocol][0],
        ).model_dump_json(),
        first=lambda wildcards: (
            f"--first={PROTOCOLS[wildcards.protocol][1]}"
            if PROTOCOLS[wildcards.protocol][1]
            else ""
        ),
    message:
        "score {wildcards.set} tasks with {wildcards.network} ({wildcards.protocol})"
    shell:
        "whichtask agreement --data {input.data:q} --tasks {input.tasks:q} --out {output.table:q} "
        "{params.first} --job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"
