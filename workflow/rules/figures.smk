# Figures and claims: they read tables and arrays and train nothing.


for FIGURE in FIGURE_INPUTS:

    rule:
        name:
            FIGURE
        input:
            **FIGURE_INPUTS[FIGURE],
            code=code_of(FIGURE),
        output:
            png=report(
                figure_files(FIGURE)[0],
                caption=f"../report/{FIGURE}.rst",
                category=PAPERS[FIGURE.partition("_")[0]],
                subcategory=(
                    "Headline figures"
                    if FIGURE in HEADLINE_INPUTS
                    else "Further figures"
                ),
                labels=figure_labels(FIGURE),
            ),
            others=figure_files(FIGURE)[1:],
        log:
            f"{RESULTS}/logs/figures/{FIGURE}.log",
        benchmark:
            f"{RESULTS}/benchmarks/figures/{FIGURE}.tsv"
        conda:
            ENVIRONMENT
        params:
            job=as_it_is(SETTINGS.figures.of(FIGURE)),
            inputs=input_options,
            figure=FIGURE,
        message:
            "draw {params.figure}"
        shell:
            "whichtask figure {params.figure} {params.inputs:q} --job {params.job:q} --out {output.png:q} > {log:q} 2>&1"


rule claims:
    input:
        claims=CLAIMS,
        tables=sorted({*BY_SOURCE, *BY_NETWORK}),
        similarities=lambda wildcards: SIMILARITIES
        + ([similarity_path(REGULATED)] if wildcards.claims == "claims" else []),
        splits=split_files("accuracies.csv", "discovered"),
        behind=behind_claims,
        code=lambda wildcards: code_of(*claimed(wildcards), room="claims"),
    output:
        table=report(
            f"{RESULTS}/{{claims}}.csv",
            caption="../report/claims.rst",
            category="Claims",
            labels={
                "figure": "{claims}",
                "data": DATA,
                "network": MAIN,
                "scale": SETTINGS.scale,
            },
        ),
        page=f"{RESULTS}/{{claims}}.md",
    log:
        f"{RESULTS}/logs/{{claims}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/{{claims}}.tsv"
    wildcard_constraints:
        claims="claims|claims_headline",
    conda:
        ENVIRONMENT
    params:
        tables=lambda wildcards, input: options("table", input.tables)
        + options("similarity", input.similarities)
        + options("splits", input.splits)
        + claim_options(wildcards),
        scale=SETTINGS.scale,
        job=lambda wildcards: SETTINGS.figures.content_of(
            *claimed(wildcards)
        ).model_dump_json(),
    message:
        "compare with the paper"
    shell:
        "whichtask claims --claims {input.claims:q} {params.tables:q} --scale {params.scale} --job {params.job:q} "
        "--out {output.table:q} > {log:q} 2>&1"
