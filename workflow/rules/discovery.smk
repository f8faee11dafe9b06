# Meta-optimisation: sets of tasks (the main one, its ablations, on ground truth).


rule discover:
    input:
        unpack(partial(discovery_extras, PLAN)),
        code=code("whichtask.cli.experiments:discover"),
        data="<results>/data/{data}.npz",
    output:
        multiext(
            "<results>/discovery/{data}/{search}/",
            encoder="encoder.safetensors",
            history="history.csv",
            logits="logits.npz",
            settings="config.yaml",
        ),
        tasks="<results>/tasks/{data}/{search}.npz",
    log:
        "<logs>/discovery/{data}/{search}.log",
    benchmark:
        "<benchmarks>/discovery/{data}/{search}.tsv"
    # The longest jobs of the laptop scale, and others wait for them: they start first.
    priority: 100
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
        # A day, the limit of many partitions: a longer search is warned, saves itself and is submitted again.
        runtime=1440,
    params:
        results=lambda wildcards: RESULTS,
        job=lambda wildcards: DiscoveryJob.of(PLAN.searches[wildcards.data][wildcards.search]).model_dump_json(),
        folder=lambda wildcards, output: Path(output.encoder).parent,
        extras=lambda wildcards, input: [
            f"--{name}={path}" for name, path in input.items() if name in ("human", "backbone")
        ],
    message:
        "discover tasks on {wildcards.data}: {wildcards.search}"
    shell:
        "whichtask discover --data {input.data:q} --out {params.folder:q} --tasks {output.tasks:q} {params.extras:q} "
        "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"
