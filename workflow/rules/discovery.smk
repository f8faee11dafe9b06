# Meta-optimisation: sets of tasks (the main one, its ablations, on ground truth), and one task whose way is recorded.


rule simclr:
    input:
        code("simclr"),
        data=f"{RESULTS}/data/{{data}}.npz",
    output:
        multiext(
            f"{RESULTS}/simclr/{{data}}/",
            backbone="backbone.safetensors",
            history="history.csv",
            settings="config.yaml",
        ),
    log:
        f"{RESULTS}/logs/simclr/{{data}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/simclr/{{data}}.tsv"
    priority: 90
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
        runtime=2880,
    params:
        results=lambda wildcards: RESULTS,
        job=lambda wildcards: SimclrJob.of(
            SEARCHES[wildcards.data][REGULATED]
        ).model_dump_json(),
        folder=lambda wildcards, output: Path(output.backbone).parent,
    message:
        "pre-train the encoder with SimCLR"
    shell:
        "whichtask simclr --data {input.data:q} --out {params.folder:q} --job {params.job:q} "
        "--results {params.results:q} --threads {threads} > {log:q} 2>&1"


rule discover:
    input:
        unpack(discovery_extras),
        code=code("discovery"),
        data=f"{RESULTS}/data/{{data}}.npz",
    output:
        multiext(
            f"{RESULTS}/discovery/{{data}}/{{search}}/",
            encoder="encoder.safetensors",
            history="history.csv",
            logits="logits.npz",
            settings="config.yaml",
        ),
        tasks=f"{RESULTS}/tasks/{{data}}/{{search}}.npz",
    log:
        f"{RESULTS}/logs/discovery/{{data}}/{{search}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/discovery/{{data}}/{{search}}.tsv"
    # The longest jobs of the laptop scale, and others wait for them: they start first.
    priority: 100
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
        runtime=2880,
    params:
        results=lambda wildcards: RESULTS,
        job=lambda wildcards: DiscoveryJob.of(search_of(wildcards)).model_dump_json(),
        folder=lambda wildcards, output: Path(output.encoder).parent,
        extras=lambda wildcards, input: [
            f"--{name}={path}"
            for name, path in input.items()
            if name in ("human", "backbone")
        ],
    message:
        "discover tasks on {wildcards.data}: {wildcards.search}"
    shell:
        "whichtask discover --data {input.data:q} --out {params.folder:q} --tasks {output.tasks:q} {params.extras:q} "
        "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"


rule dynamics:
    input:
        code("discovery"),
        data=f"{RESULTS}/data/{DATA}.npz",
    output:
        multiext(
            f"{RESULTS}/discovery/{DATA}/dynamics/",
            records="dynamics.npz",
            settings="config.yaml",
        ),
        tasks=f"{RESULTS}/tasks/{DATA}/dynamics.npz",
    log:
        f"{RESULTS}/logs/discovery/{DATA}/dynamics.log",
    benchmark:
        f"{RESULTS}/benchmarks/discovery/{DATA}/dynamics.tsv"
    priority: 50
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
        runtime=1440,
    params:
        results=lambda wildcards: RESULTS,
        job=as_it_is(DynamicsJob.of(SETTINGS)),
        folder=lambda wildcards, output: Path(output.records).parent,
    message:
        "discover one task and record its way"
    shell:
        "whichtask dynamics --data {input.data:q} --out {params.folder:q} --tasks {output.tasks:q} "
        "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"


rule linear:
    input:
        code("discovery"),
        data=f"{RESULTS}/data/{{data}}.npz",
        encoder=f"{RESULTS}/discovery/{{data}}/{BASE}/encoder.safetensors",
    output:
        multiext(
            f"{RESULTS}/discovery/{{data}}/linear/",
            history="history.csv",
            settings="config.yaml",
        ),
        tasks=f"{RESULTS}/tasks/{{data}}/linear.npz",
    log:
        f"{RESULTS}/logs/discovery/{{data}}/linear.log",
    benchmark:
        f"{RESULTS}/benchmarks/discovery/{{data}}/linear.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
        runtime=1440,
    params:
        results=lambda wildcards: RESULTS,
        job=lambda wildcards: LinearJob.of(
            SEARCHES[wildcards.data][BASE]
        ).model_dump_json(),
        folder=lambda wildcards, output: Path(output.history).parent,
    message:
        "search the worst and the best linear task in an embedding"
    shell:
        "whichtask linear --data {input.data:q} --encoder {input.encoder:q} --out {params.folder:q} "
        "--tasks {output.tasks:q} --job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"
