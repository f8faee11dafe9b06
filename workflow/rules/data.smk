# Images, and the tasks that need no training.


rule data:
    input:
        code("data"),
        own=lambda wildcards: own_file(SETTINGS_OF[wildcards.data].data.name),
    output:
        f"{RESULTS}/data/{{data}}.npz",
    log:
        f"{RESULTS}/logs/data/{{data}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/data/{{data}}.tsv"
    # Everything waits for these.
    priority: 300
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        job=lambda wildcards: DataJob.of(SETTINGS_OF[wildcards.data]).model_dump_json(),
        name=lambda wildcards: SETTINGS_OF[wildcards.data].data.name,
    message:
        "get {params.name}"
    shell:
        "whichtask data fetch {params.name:q} --job {params.job:q} --out {output:q} > {log:q} 2>&1"


rule hundred:
    input:
        code("data"),
    output:
        f"{RESULTS}/data/hundred.npz",
    log:
        f"{RESULTS}/logs/data/hundred.log",
    benchmark:
        f"{RESULTS}/benchmarks/data/hundred.tsv"
    priority: 300
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        job=as_it_is(HundredJob.of(SETTINGS)),
    message:
        "get images of about a hundred classes"
    shell:
        "whichtask data hundred --job {params.job:q} --out {output:q} > {log:q} 2>&1"


rule text:
    input:
        code("data"),
        own=own_file(SETTINGS.gbi.language.folder),
    output:
        f"{RESULTS}/data/text.npz",
    log:
        f"{RESULTS}/logs/data/text.log",
    benchmark:
        f"{RESULTS}/benchmarks/data/text.tsv"
    priority: 300
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        job=as_it_is(TextJob.of(SETTINGS)),
    message:
        "get text of many domains"
    shell:
        "whichtask data text --job {params.job:q} --out {output:q} > {log:q} 2>&1"


rule tasks:
    input:
        code("tasks"),
        data=f"{RESULTS}/data/{{data}}.npz",
        own=lambda wildcards: (
            own_file(SETTINGS.tasks.user) if wildcards.kind == "user" else []
        ),
    output:
        f"{RESULTS}/tasks/{{data}}/{{kind}}.npz",
    log:
        f"{RESULTS}/logs/tasks/{{data}}/{{kind}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tasks/{{data}}/{{kind}}.tsv"
    priority: 200
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
    params:
        job=lambda wildcards: TaskJob.of(
            task_settings(wildcards.data), wildcards.kind
        ).model_dump_json(),
    message:
        "make {wildcards.kind} tasks of {wildcards.data}"
    shell:
        "whichtask tasks make {wildcards.kind} --data {input.data:q} --job {params.job:q} --out {output:q} "
        "--threads {threads} > {log:q} 2>&1"


rule similarity:
    input:
        code("tasks"),
        tasks=f"{RESULTS}/tasks/{{data}}/{{set}}.npz",
    output:
        f"{RESULTS}/similarity/{{data}}/{{set}}.csv",
    log:
        f"{RESULTS}/logs/similarity/{{data}}/{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/similarity/{{data}}/{{set}}.tsv"
    conda:
        ENVIRONMENT
    message:
        "compare {wildcards.set} tasks"
    shell:
        "whichtask tasks similarity --tasks {input.tasks:q} --out {output:q} > {log:q} 2>&1"


rule similarity_to:
    input:
        code("tasks"),
        tasks=f"{RESULTS}/tasks/{{data}}/{{set}}.npz",
        against=f"{RESULTS}/tasks/{{data}}/{{kind}}.npz",
    output:
        f"{RESULTS}/similarity/{{data}}/to-{{kind}}/{{set}}.csv",
    log:
        f"{RESULTS}/logs/similarity/{{data}}/to-{{kind}}/{{set}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/similarity/{{data}}/to-{{kind}}/{{set}}.tsv"
    conda:
        ENVIRONMENT
    message:
        "compare {wildcards.set} with {wildcards.kind} tasks"
    shell:
        "whichtask tasks similarity --tasks {input.tasks:q} --against {input.against:q} --out {output:q} > {log:q} 2>&1"
