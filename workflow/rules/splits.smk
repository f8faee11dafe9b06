# Adversarial train-test splits: made from discovered tasks, each trained beside a matched random split.


rule splits:
    input:
        code("splits"),
        data=DATA_PATH,
        human=tasks_path("human"),
        tasks=tasks_path("discovered"),
    output:
        multiext(
            f"{RESULTS}/splits/{DATA}/{{network}}/",
            table="accuracies.csv",
            predictions="predictions.npz",
            settings="config.yaml",
        ),
    log:
        f"{RESULTS}/logs/splits/{DATA}/{{network}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/splits/{DATA}/{{network}}.tsv"
    priority: 40
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
        runtime=1440,
    params:
        results=lambda wildcards: RESULTS,
        job=lambda wildcards: SplitJob.of(SETTINGS, wildcards.network).model_dump_json(),
        folder=lambda wildcards, output: Path(output.table).parent,
    message:
        "train {wildcards.network} on adversarial and random splits"
    shell:
        "whichtask splits --data {input.data:q} --human {input.human:q} --tasks {input.tasks:q} --out {params.folder:q} "
        "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"
