# Agreement scores: of every task set, with every network, at several numbers of training images.


def first_tasks(wildcards):
    """Networks after the first score fewer tasks of each kind."""
    few = SETTINGS.plan.network_tasks
    return f"--first {few}" if few and wildcards.network != MAIN else ""


rule agreement:
    input:
        code("agreement"),
        data=DATA_PATH,
        tasks=f"{RESULTS}/tasks/{DATA}/{{set}}.npz",
    output:
        table=f"{RESULTS}/agreement/{DATA}/{{network}}/{{set}}.csv",
        settings=f"{RESULTS}/agreement/{DATA}/{{network}}/{{set}}.yaml",
    params:
        job=lambda wildcards: AgreementJob.of(SETTINGS, wildcards.network).model_dump_json(),
        first=first_tasks,
        results=RESULTS,
    log:
        f"{RESULTS}/logs/agreement/{DATA}/{{network}}/{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/agreement/{DATA}/{{network}}/{{set}}.tsv"
    # Two single-threaded jobs are faster than one after another with two threads: the networks are small.
    threads: 1
    resources:
        gpu=1,
        mem_mb=1500,
        runtime=600,
    message:
        "score {wildcards.set} tasks with {wildcards.network}"
    shell:
        "whichtask agreement --data {input.data:q} --tasks {input.tasks:q} --out {output.table:q} {params.first} "
        "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"


rule agreement_sweep:
    input:
        code("agreement"),
        data=DATA_PATH,
        tasks=f"{RESULTS}/tasks/{DATA}/{{set}}.npz",
    output:
        table=f"{RESULTS}/agreement/{DATA}/{{network}}/images-{{images}}/{{set}}.csv",
        settings=f"{RESULTS}/agreement/{DATA}/{{network}}/images-{{images}}/{{set}}.yaml",
    params:
        job=lambda wildcards: AgreementJob.of(
            SETTINGS, wildcards.network, int(wildcards.images)
        ).model_dump_json(),
        first=SETTINGS.plan.sweep_tasks,
        results=RESULTS,
    log:
        f"{RESULTS}/logs/agreement/{DATA}/{{network}}/images-{{images}}/{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/agreement/{DATA}/{{network}}/images-{{images}}/{{set}}.tsv"
    threads: 1
    resources:
        gpu=1,
        mem_mb=1500,
        runtime=600,
    message:
        "score {wildcards.set} tasks with {wildcards.network} on {wildcards.images} images"
    shell:
        "whichtask agreement --data {input.data:q} --tasks {input.tasks:q} --out {output.table:q} "
        "--first {params.first} --job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"
