# What tasks are made of: the proxy, simple features, human tasks in the embedding, augmentations, true factors.


rule proxy:
    input:
        code("proxy"),
        data=f"{RESULTS}/data/{{data}}.npz",
        tasks=[
            f"{RESULTS}/tasks/{{data}}/{name}.npz"
            for name in ("random", "human", "discovered")
        ],
    output:
        f"{RESULTS}/proxy/{{data}}.csv",
    log:
        f"{RESULTS}/logs/proxy/{{data}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/proxy/{{data}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
        runtime=240,
    params:
        results=lambda wildcards: RESULTS,
        job=lambda wildcards: ProxyJob.of(
            SEARCHES[wildcards.data]["discovered"]
        ).model_dump_json(),
        tasks=lambda wildcards, input: options("tasks", input.tasks),
    message:
        "measure the proxy of agreement"
    shell:
        "whichtask proxy --data {input.data:q} {params.tasks:q} --out {output:q} --job {params.job:q} "
        "--results {params.results:q} --threads {threads} > {log:q} 2>&1"


rule explain:
    input:
        code("explain"),
        data=f"{RESULTS}/data/{{data}}.npz",
        tasks=lambda wildcards: [
            f"{RESULTS}/tasks/{wildcards.data}/{name}.npz"
            for name in explained_sets(wildcards.data)
        ],
    output:
        f"{RESULTS}/explain/{{data}}.csv",
    log:
        f"{RESULTS}/logs/explain/{{data}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/explain/{{data}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
    params:
        job=lambda wildcards: FeatureJob.of(
            SETTINGS_OF[wildcards.data]
        ).model_dump_json(),
        tasks=lambda wildcards, input: options("tasks", input.tasks),
    message:
        "predict tasks of {wildcards.data} from simple features"
    shell:
        "whichtask explain --data {input.data:q} {params.tasks:q} --out {output:q} --job {params.job:q} "
        "--threads {threads} > {log:q} 2>&1"


rule coverage:
    input:
        code("coverage"),
        data=f"{RESULTS}/data/{{data}}.npz",
        logits=[
            f"{RESULTS}/discovery/{{data}}/{name}/logits.npz"
            for name in ("discovered", REGULATED)
        ],
        settings=[
            f"{RESULTS}/discovery/{{data}}/{name}/config.yaml"
            for name in ("discovered", REGULATED)
        ],
    output:
        f"{RESULTS}/coverage/{{data}}.csv",
    log:
        f"{RESULTS}/logs/coverage/{{data}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/coverage/{{data}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
    params:
        job=lambda wildcards: FeatureJob.of(
            SETTINGS_OF[wildcards.data]
        ).model_dump_json(),
        logits=lambda wildcards, input: options("logits", input.logits),
    message:
        "predict human tasks from embeddings"
    shell:
        "whichtask coverage --data {input.data:q} {params.logits:q} --out {output:q} --job {params.job:q} "
        "--threads {threads} > {log:q} 2>&1"


rule regulation:
    input:
        code("regulation"),
        data=f"{RESULTS}/data/{{data}}.npz",
        encoder=f"{RESULTS}/discovery/{{data}}/{{search}}/encoder.safetensors",
    output:
        f"{RESULTS}/regulation/{{data}}/{{search}}.csv",
    log:
        f"{RESULTS}/logs/regulation/{{data}}/{{search}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/regulation/{{data}}/{{search}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
    params:
        job=lambda wildcards: RegulationJob.of(search_of(wildcards)).model_dump_json(),
    message:
        "count labels that augmentations flip: {wildcards.search}"
    shell:
        "whichtask regulation --data {input.data:q} --encoder {input.encoder:q} --set {wildcards.search:q} "
        "--out {output:q} --job {params.job:q} --threads {threads} > {log:q} 2>&1"


TRUTH_SETS = [*SEARCHES[TRUTH], "random", *BASELINES]


rule factors:
    input:
        code("ground_truth"),
        data=f"{RESULTS}/data/{TRUTH}.npz",
        tasks=[f"{RESULTS}/tasks/{TRUTH}/{name}.npz" for name in TRUTH_SETS],
    output:
        table=f"{RESULTS}/ground_truth/factors.csv",
        summary=f"{RESULTS}/ground_truth/summary.csv",
    log:
        f"{RESULTS}/logs/ground_truth.log",
    benchmark:
        f"{RESULTS}/benchmarks/ground_truth.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    params:
        job=as_it_is(GroundTruthJob.of(SETTINGS)),
        tasks=lambda wildcards, input: options("tasks", input.tasks),
    message:
        "match tasks with the true factors"
    shell:
        "whichtask factors --data {input.data:q} {params.tasks:q} --out {output.table:q} "
        "--summary {output.summary:q} --job {params.job:q} --threads {threads} > {log:q} 2>&1"
