# Meta-optimisation: a set of tasks, and one task whose way is recorded.


rule discover:
    input:
        code("discovery"),
        data=DATA_PATH,
    output:
        multiext(
            f"{RESULTS}/discovery/{DATA}/set/",
            "encoder.safetensors",
            "history.csv",
            "logits.npz",
            "config.yaml",
        ),
        tasks=f"{RESULTS}/tasks/{DATA}/discovered.npz",
    log:
        f"{RESULTS}/logs/discovery/{DATA}/set.log",
    benchmark:
        f"{RESULTS}/benchmarks/discovery/{DATA}/set.tsv"
    # The longest job of the laptop scale and one that others wait for: it starts first.
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
        job=DiscoveryJob.of(SETTINGS).model_dump_json(),
        folder=lambda wildcards, output: Path(output[0]).parent,
    message:
        "discover tasks"
    shell:
        "whichtask discover --data {input.data:q} --out {params.folder:q} --tasks {output.tasks:q} "
        "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"


rule dynamics:
    input:
        code("discovery"),
        data=DATA_PATH,
    output:
        multiext(f"{RESULTS}/discovery/{DATA}/dynamics/", "dynamics.npz", "config.yaml"),
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
        job=DynamicsJob.of(SETTINGS).model_dump_json(),
        folder=lambda wildcards, output: Path(output[0]).parent,
    message:
        "discover one task and record its way"
    shell:
        "whichtask dynamics --data {input.data:q} --out {params.folder:q} --tasks {output.tasks:q} "
        "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"
