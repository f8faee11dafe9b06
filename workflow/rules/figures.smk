# Figures and claims: they read tables and arrays and train nothing.

from whichtask.runs.labels import labels_of

for FIGURE, CARD in DRAWN.cards.items():

    rule:
        name:
            FIGURE
        input:
            **DRAWN.inputs(FIGURE),
            code=code(*DRAWN.code(FIGURE)),
        output:
            png=report(
                DRAWN.file(FIGURE, "png"),
                caption="../report/figure.rst",
                category=paper_of(FIGURE),
                subcategory="Headline figures" if CARD.headline else "Further figures",
                labels=labels_of(DRAWN, FIGURE),
            ),
            others=DRAWN.files(FIGURE)[1:],
        log:
            f"<logs>/figures/{FIGURE}.log",
        benchmark:
            f"<benchmarks>/figures/{FIGURE}.tsv"
        conda:
            ENVIRONMENT
        params:
            figure=FIGURE,
            inputs=lambda wildcards, input: [
                word for name, paths in input.items() if name != "code" for word in options(f"input={name}", paths)
            ],
            job=as_it_is(SETTINGS.figures.of(FIGURE)),
        message:
            "draw {params.figure}"
        shell:
            "whichtask figure {params.figure} {params.inputs:q} --job {params.job:q} --out {output.png:q} > {log:q} 2>&1"


rule claims:
    input:
        claims=CLAIMS,
        # From the tables, not from the figures: what is only drawn again has the numbers that it had.
        tables=lambda wildcards: DRAWN.tables(DRAWN.claimed(wildcards.claims)),
        # Of plan/ only what a claim is decides a verdict.
        code=lambda wildcards: code("whichtask.claims.report", *DRAWN.code(*DRAWN.claimed(wildcards.claims)))
        + [HERE / "src" / "whichtask" / "plan" / "claims.py"],
    output:
        table=report(
            "<results>/{claims}.csv",
            caption="../report/claims.rst",
            category="Claims",
            labels={"figure": "{claims}", "data": PLAN.data, "network": PLAN.main, "scale": SETTINGS.scale},
        ),
        page="<results>/{claims}.md",
    log:
        "<logs>/{claims}.log",
    benchmark:
        "<benchmarks>/{claims}.tsv"
    wildcard_constraints:
        claims="claims|claims_headline",
    conda:
        ENVIRONMENT
    params:
        tables=lambda wildcards: [
            word
            for figure in DRAWN.claimed(wildcards.claims)
            for name, paths in DRAWN.inputs(figure).items()
            for word in options(f"input={figure}:{name}", paths)
        ],
        scale=SETTINGS.scale,
        job=lambda wildcards: SETTINGS.figures.content_of(*DRAWN.claimed(wildcards.claims)).model_dump_json(),
    message:
        "compare with the paper"
    shell:
        "whichtask claims --claims {input.claims:q} {params.tables:q} --scale {params.scale} --job {params.job:q} "
        "--out {output.table:q} > {log:q} 2>&1"
