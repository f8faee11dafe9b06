# Images, and the tasks that need no training.


rule data:
    input:
        code("whichtask.cli.sources:fetch"),
        own=lambda wildcards: own_file(PLAN.settings_of[wildcards.data].data.name),
    output:
        "<results>/data/{data}.npz",
    log:
        "<logs>/data/{data}.log",
    benchmark:
        "<benchmarks>/data/{data}.tsv"
    # Everything waits for these.
    priority: 300
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        verb="fetch",
        name=lambda wildcards: PLAN.settings_of[wildcards.data].data.name,
        job=lambda wildcards: DataJob.of(PLAN.settings_of[wildcards.data]).model_dump_json(),
        listing=lambda wildcards: listing(PLAN.settings_of[wildcards.data].data.name),
    message:
        "get {params.name}"
    shell:
        "whichtask data {params.verb} {params.name:q} --job {params.job:q} --out {output:q} > {log:q} 2>&1"


use rule data as hundred with:
    input:
        code("whichtask.cli.sources:hundred"),
    output:
        "<results>/data/hundred.npz",
    log:
        "<logs>/data/hundred.log",
    benchmark:
        "<benchmarks>/data/hundred.tsv"
    params:
        verb="hundred",
        name=[],
        job=as_it_is(HundredJob.of(SETTINGS)),
        listing="",
    message:
        "get images of about a hundred classes"


use rule data as text with:
    input:
        code("whichtask.cli.sources:text"),
        own=own_file(SETTINGS.gbi.language.folder),
    output:
        "<results>/data/text.npz",
    log:
        "<logs>/data/text.log",
    benchmark:
        "<benchmarks>/data/text.tsv"
    params:
        verb="text",
        name=[],
        job=as_it_is(TextJob.of(SETTINGS)),
        listing=lambda wildcards: listing(SETTINGS.gbi.language.folder),
    message:
        "get text of many domains"


rule tasks:
    input:
        code("whichtask.cli.sources:make"),
        data="<results>/data/{data}.npz",
        own=lambda wildcards: own_file(SETTINGS.tasks.user) if wildcards.kind == "user" else [],
    output:
        "<results>/tasks/{data}/{kind}.npz",
    log:
        "<logs>/tasks/{data}/{kind}.log",
    benchmark:
        "<benchmarks>/tasks/{data}/{kind}.tsv"
    priority: 200
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
    params:
        job=lambda wildcards: TaskJob.of(PLAN.task_settings(wildcards.data), wildcards.kind).model_dump_json(),
    message:
        "make {wildcards.kind} tasks of {wildcards.data}"
    shell:
        "whichtask tasks make {wildcards.kind} --data {input.data:q} --job {params.job:q} --out {output:q} "
        "--threads {threads} > {log:q} 2>&1"


rule similarity:
    input:
        code("whichtask.cli.sources:similarity"),
        tasks="<results>/tasks/{data}/{set}.npz",
        against=[],
    output:
        "<results>/similarity/{data}/{set}.csv",
    log:
        "<logs>/similarity/{data}/{set}.log",
    benchmark:
        "<benchmarks>/similarity/{data}/{set}.tsv"
    conda:
        ENVIRONMENT
    params:
        against=lambda wildcards, input: options("against", input.against),
    message:
        "compare {wildcards.set} tasks"
    shell:
        "whichtask tasks similarity --tasks {input.tasks:q} {params.against:q} --out {output:q} > {log:q} 2>&1"


use rule similarity as similarity_to with:
    input:
        code("whichtask.cli.sources:similarity"),
        tasks="<results>/tasks/{data}/{set}.npz",
        against="<results>/tasks/{data}/{kind}.npz",
    output:
        "<results>/similarity/{data}/to-{kind}/{set}.csv",
    log:
        "<logs>/similarity/{data}/to-{kind}/{set}.log",
    benchmark:
        "<benchmarks>/similarity/{data}/to-{kind}/{set}.tsv"
    message:
        "compare {wildcards.set} with {wildcards.kind} tasks"
