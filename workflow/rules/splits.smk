# Adversarial train-test splits, each trained beside matched random ones; one job a target, so that they spread out.


rule splits:
    input:
        code("splits"),
        data=f"{RESULTS}/data/{{data}}.npz",
        targets=lambda wildcards: f"{RESULTS}/tasks/{wildcards.data}/{SPLIT_SOURCES[wildcards.source][1]}.npz",
        attackers=lambda wildcards: [
            f"{RESULTS}/tasks/{wildcards.data}/{name}.npz"
            for name in (SPLIT_SOURCES[wildcards.source][3],)
            if name
        ],
    output:
        multiext(
            f"{RESULTS}/splits/{{data}}/{{network}}/{{source}}/{{target}}/",
            table="accuracies.csv",
            predictions="predictions.npz",
            split="split.npz",
            settings="config.yaml",
        ),
    log:
        f"{RESULTS}/logs/splits/{{data}}/{{network}}/{{source}}/{{target}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/splits/{{data}}/{{network}}/{{source}}/{{target}}.tsv"
    wildcard_constraints:
        source=one_of(SPLIT_SOURCES),
        target="[^/]+",
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
            split_settings(wildcards), wildcards.network
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
        code("splits"),
        data=f"{RESULTS}/data/{{data}}.npz",
        split=f"{RESULTS}/splits/{{data}}/{{network}}/{{source}}/{{target}}/split.npz",
    output:
        directory(f"{RESULTS}/splits/{{data}}/{{network}}/{{source}}/{{target}}/export"),
    log:
        f"{RESULTS}/logs/splits_export/{{data}}/{{network}}/{{source}}/{{target}}.log",
    wildcard_constraints:
        source=one_of(SPLIT_SOURCES),
        target="[^/]+",
    conda:
        ENVIRONMENT
    message:
        "export splits of target {wildcards.target} ({wildcards.source})"
    shell:
        "whichtask splits-export --split {input.split:q} --data {input.data:q} --out {output:q} > {log:q} 2>&1"
