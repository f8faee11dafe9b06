# Agreement scores: of every task set with the main network; and of a few tasks of each kind, to compare networks and
# numbers of training images.


rule agreement:
    input:
        code("agreement"),
        data=DATA_PATH,
        tasks=f"{RESULTS}/tasks/{DATA}/{{set}}.npz",
    output:
        table=f"{RESULTS}/agreement/{DATA}/{{network}}/{{set}}.csv",
        settings=f"{RESULTS}/agreement/{DATA}/{{network}}/{{set}}.yaml",
    log:
        f"{RESULTS}/logs/agreement/{DATA}/{{network}}/{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/agreement/{DATA}/{{network}}/{{set}}.tsv"
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
            SETTINGS, wildcards.network
        ).model_dump_json(),
    message:
        "score {wildcards.set} tasks with {wildcards.network}"
    shell:
        "whichtask agreement --data {input.data:q} --tasks {input.tasks:q} --out {output.table:q} "
        "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"


rule agreement_comparison:
    input:
        code("agreement"),
        data=DATA_PATH,
        tasks=f"{RESULTS}/tasks/{DATA}/{{set}}.npz",
    output:
        table=f"{RESULTS}/agreement/{DATA}/{{network}}/images-{{images}}/{{set}}.csv",
        settings=f"{RESULTS}/agreement/{DATA}/{{network}}/images-{{images}}/{{set}}.yaml",
    log:
        f"{RESULTS}/logs/agreement/{DATA}/{{network}}/images-{{images}}/{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/agreement/{DATA}/{{network}}/images-{{images}}/{{set}}.tsv"
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
            SETTINGS, wildcards.network, int(wildcards.images)
        ).model_dump_json(),
        first=(
            f"--first {SETTINGS.plan.comparison_tasks}"
            if SETTINGS.plan.comparison_tasks
            else ""
        ),
    message:
        "score {wildcards.set} tasks with {wildcards.network} on {wildcards.images} images"
    shell:
        "whichtask agreement --data {input.data:q} --tasks {input.tasks:q} --out {output.table:q} "
        "{params.first} --job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"
