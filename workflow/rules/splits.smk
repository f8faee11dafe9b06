# Adversarial train-test splits, each trained beside matched random ones; one job a target, so that they spread out.


rule splits:
    input:
        code("whichtask.cli.splits:splits"),
        data="<results>/data/{data}.npz",
        targets=partial(split_sets, PLAN, "targets"),
        attackers=partial(split_sets, PLAN, "attackers"),
    output:
        multiext(
            "<results>/splits/{data}/{network}/{source}/{target}/",
            table="accuracies.csv",
            predictions="predictions.npz",
            split="split.npz",
            settings="config.yaml",
        ),
    log:
        "<logs>/splits/{data}/{network}/{source}/{target}.log",
    benchmark:
        "<benchmarks>/splits/{data}/{network}/{source}/{target}.tsv"
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
        job=lambda wildcards: SplitJob.of(
            SETTINGS if wildcards.data == PLAN.data else PLAN.searches[wildcards.data][PLAN.attackers],
            wildcards.network,
        ).model_dump_json(),
        folder=lambda wildcards, output: Path(output.table).parent,
        attackers=lambda wildcards, input: options("attackers", input.attackers),
    message:
        "train {wildcards.network} on splits of target {wildcards.target} ({wildcards.source})"
    shell:
        "whichtask splits --data {input.data:q} --targets {input.targets:q} --target {wildcards.target:q} "
        "{params.attackers:q} --source {wildcards.source} --out {params.folder:q} --job {params.job:q} "
        "--results {params.results:q} --threads {threads} > {log:q} 2>&1"


rule splits_export:
    input:
        code("whichtask.cli.splits:splits_export"),
        data="<results>/data/{data}.npz",
        split="<results>/splits/{data}/{network}/{source}/{target}/split.npz",
    output:
        directory("<results>/splits/{data}/{network}/{source}/{target}/export"),
    log:
        "<logs>/splits_export/{data}/{network}/{source}/{target}.log",
    conda:
        ENVIRONMENT
    message:
        "export splits of target {wildcards.target} ({wildcards.source})"
    shell:
        "whichtask splits-export --split {input.split:q} --data {input.data:q} --out {output:q} > {log:q} 2>&1"
