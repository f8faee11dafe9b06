# Gradient-Based Inference: every experiment, one job for each seed.


for EXPERIMENT, PLAN in GBI_PLANS.items():

    rule:
        name:
            f"infer_{EXPERIMENT}"
        input:
            **PLAN.data,
            code=code(f"gbi_{EXPERIMENT}"),
        output:
            [
                f"{RESULTS}/gbi/{EXPERIMENT}/{{repeat}}/{name}"
                for name in [*PLAN.files, "config.yaml"]
            ],
        log:
            f"{RESULTS}/logs/gbi/{EXPERIMENT}/{{repeat}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/gbi/{EXPERIMENT}/{{repeat}}.tsv"
        wildcard_constraints:
            repeat=r"\d+",
        priority: 80
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            gpu=1,
            mem_mb=3000,
            runtime=720,
        params:
            verb=EXPERIMENT,
            job=gbi_job(EXPERIMENT),
            data=gbi_options,
            folder=lambda wildcards, output: Path(output[0]).parent,
            live=[f"--results={RESULTS}"] if PLAN.resumes else [],
        message:
            "GBI {params.verb}, seed {wildcards.repeat}"
        shell:
            "whichtask gbi {params.verb} {params.data:q} --out {params.folder:q} --job {params.job:q} {params.live:q} "
            "--threads {threads} > {log:q} 2>&1"
