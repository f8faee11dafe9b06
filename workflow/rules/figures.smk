# Figures and claims: they read tables and arrays and train nothing.

import yaml

DRAWN = {figure: card for figure, card in FIGURES.items() if card.wanted(SETTINGS)}
for FIGURE in SETTINGS.figures.own:
    if FIGURE not in DRAWN:
        raise WorkflowError(f"figures.own: no figure {FIGURE!r}; allowed: {', '.join(DRAWN)}")

CLAIMS = HERE / "config" / "claims.yaml"
try:
    # Figures whose numbers claims are read from; the verb checks the rest of the file.
    CLAIMED = {
        claim["figure"]: None
        for claim in yaml.safe_load(CLAIMS.read_text(encoding="utf-8"))["claims"]
        if "drawn" in claim
    }
except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
    raise WorkflowError(f"cannot read the claims in {CLAIMS}: {error}") from None


def figure_files(figure):
    """Return what one figure writes, the PNG first."""
    return [f"{RESULTS}/figures/{figure}.{ending}" for ending in FIGURES[figure].endings]


def figure_code(*figures):
    """List the source files that the numbers and pictures of these figures stand on."""
    modules = {FIGURES[figure].code.partition(":")[0] for figure in figures}
    return code("whichtask.figures.style:save", *(f"whichtask.figures.{module}" for module in sorted(modules)))


def figure_labels(figure):
    """Return the function that gives the labels of a figure in the report, when it has been drawn."""
    card, table = FIGURES[figure], Path(f"{RESULTS}/figures/{figure}.csv")
    data, network = card.labels(PLAN)
    columns = ["data", "outside"] if card.outside else ["data"]
    return lambda wildcards: {
        "figure": figure,
        "data": named_in(table, columns, data),
        # Tables of GBI call the rows of a comparison networks.
        "network": named_in(table, ["network"], network) if figure.startswith("td_") else network,
        "scale": SETTINGS.scale,
    }


for FIGURE, CARD in DRAWN.items():

    rule:
        name:
            FIGURE
        input:
            **CARD.inputs(PLAN),
            code=figure_code(FIGURE),
        output:
            png=report(
                figure_files(FIGURE)[0],
                caption="../report/figure.rst",
                category=paper_of(FIGURE),
                subcategory="Headline figures" if CARD.headline else "Further figures",
                labels=figure_labels(FIGURE),
            ),
            others=figure_files(FIGURE)[1:],
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


def claimed(wildcards):
    """List the figures whose numbers claims are read from: those of studies too, unless only headlines are wanted."""
    headlines = wildcards.claims == "claims_headline"
    return [name for name in CLAIMED if name in DRAWN and (DRAWN[name].headline or not headlines)]


def behind_claims(wildcards):
    """List the tables that the numbers of these figures come from.

    Claims take them from the tables, not from the figures: what is only drawn again has the numbers that it had.
    """
    return sorted(
        {path for name in claimed(wildcards) for paths in DRAWN[name].inputs(PLAN).values() for path in paths}
    )


rule claims:
    input:
        claims=CLAIMS,
        tables=sorted({*PLAN.by_source, *PLAN.by_network}),
        similarities=lambda wildcards: PLAN.similarities
        + ([PLAN.similarity(REGULATED)] if wildcards.claims == "claims" else []),
        splits=PLAN.splits("accuracies.csv", MAIN),
        behind=behind_claims,
        code=lambda wildcards: sorted({*figure_code(*claimed(wildcards)), *code("whichtask.claims.verdicts")}),
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
        tables=lambda wildcards, input: [
            *options("table", input.tables),
            *options("similarity", input.similarities),
            *options("splits", input.splits),
            *(
                word
                for figure in claimed(wildcards)
                for name, paths in DRAWN[figure].inputs(PLAN).items()
                for word in options(f"input={figure}:{name}", paths)
            ),
        ],
        scale=SETTINGS.scale,
        job=lambda wildcards: SETTINGS.figures.content_of(*claimed(wildcards)).model_dump_json(),
    message:
        "compare with the paper"
    shell:
        "whichtask claims --claims {input.claims:q} {params.tables:q} --scale {params.scale} --job {params.job:q} "
        "--out {output.table:q} > {log:q} 2>&1"
