# Images, and the tasks that need no training.


rule data:
    input:
        code("data"),
        own=own_file(SETTINGS.data.name),
    output:
        f"{RESULTS}/data/{DATA}.npz",
    log:
        f"{RESULTS}/logs/data/{DATA}.log",
    benchmark:
        f"{RESULTS}/benchmarks/data/{DATA}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        job=DataJob.of(SETTINGS).model_dump_json(),
        name=SETTINGS.data.name,
    message:
        "get {params.name}"
    shell:
        "whichtask data fetch {params.name:q} --job {params.job:q} --out {output:q} > {log:q} 2>&1"


rule tasks:
    input:
        code("tasks"),
        data=DATA_PATH,
        own=lambda wildcards: (
            own_file(SETTINGS.tasks.user) if wildcards.set == "user" else []
        ),
    output:
        f"{RESULTS}/tasks/{DATA}/{{set}}.npz",
    log:
        f"{RESULTS}/logs/tasks/{DATA}/{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tasks/{DATA}/{{set}}.tsv"
    wildcard_constraints:
        set="random|human|factor|user",
    conda:
        ENVIRONMENT
    params:
        job=lambda wildcards: TaskJob.of(SETTINGS, wildcards.set).model_dump_json(),
    message:
        "make {wildcards.set} tasks"
    shell:
        "whichtask tasks make {wildcards.set} --data {input.data:q} --job {params.job:q} --out {output:q} > {log:q} 2>&1"


rule similarity:
    input:
        code("tasks"),
        tasks=f"{RESULTS}/tasks/{DATA}/{{set}}.npz",
    output:
        f"{RESULTS}/similarity/{DATA}/{{set}}.csv",
    log:
        f"{RESULTS}/logs/similarity/{DATA}/{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/similarity/{DATA}/{{set}}.tsv"
    conda:
        ENVIRONMENT
    message:
        "compare {wildcards.set} tasks"
    shell:
        "whichtask tasks similarity --tasks {input.tasks:q} --out {output:q} > {log:q} 2>&1"
