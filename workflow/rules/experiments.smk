# Every experiment that has a card in whichtask.plan.experiments.

for VERB, CARD in EXPERIMENTS.items():

    rule:
        name:
            rule_of(VERB)
        input:
            **CARD.inputs(PLAN),
            code=code(CARD.function),
        output:
            **CARD.outputs(PLAN),
        log:
            f"<logs>/{CARD.place}.log",
        benchmark:
            f"<benchmarks>/{CARD.place}.tsv"
        priority: CARD.priority
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            **CARD.resources,
        params:
            verb=VERB.split(),
            files=lambda wildcards, input, output, card=CARD: card.options(wildcards, input, output),
            job=lambda wildcards, card=CARD: card.job_json(PLAN, wildcards),
            live=[f"--results={RESULTS}"] if CARD.resumes else [],
        message:
            CARD.message
        shell:
            "whichtask {params.verb:q} {params.files:q} --job {params.job:q} {params.live:q} --threads {threads} "
            "> {log:q} 2>&1"
