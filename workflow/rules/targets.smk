# Targets beside `all` and `headline`: parts of the work, one for each stage of DVC (dvc.yaml) among them; and the metrics by
# which DVC compares runs.


def figures_of(paper=""):
    """List the files of all figures, or of those of a paper."""
    return [path for figure in DRAWN if figure.startswith(paper) for path in figure_files(figure)]


def tables_of(paper):
    """List the files that the figures of a paper are drawn from."""
    return sorted(
        {
            path
            for figure, card in DRAWN.items()
            if figure.startswith(paper)
            for paths in card.inputs(PLAN).values()
            for path in paths
        }
    )


rule task_discovery_tables:
    input:
        tables_of("td_"),
        # Only claims are read from these.
        PLAN.similarity(REGULATED),
    message:
        "the tables of Task Discovery are in {RESULTS}/"


rule gbi_tables:
    input:
        tables_of("gbi_"),
    message:
        "the tables of Gradient-Based Inference are in {RESULTS}/gbi/"


rule metrics:
    input:
        claims="<results>/claims.csv",
        drawn=[f"<results>/figures/{figure}.csv" for figure in HEADLINE_FIGURES],
        code=code("whichtask.cli.products:metrics"),
    output:
        "<results>/metrics.json",
    log:
        "<logs>/metrics.log",
    benchmark:
        "<benchmarks>/metrics.tsv"
    conda:
        ENVIRONMENT
    params:
        drawn=lambda wildcards, input: options("drawn", input.drawn),
    message:
        "sum the run up"
    shell:
        "whichtask metrics --claims {input.claims:q} {params.drawn:q} --out {output:q} > {log:q} 2>&1"


rule products:
    input:
        figures_of(),
        expand("<results>/{name}.csv", name=["claims", "claims_headline"]),
        "<results>/metrics.json",
        rules.site.output,
        rules.whole_site.output,
    message:
        "figures, claims, metrics and the website are in {RESULTS}/"


rule fetch:
    input:
        [PLAN.images(name) for name in (*PLAN.settings_of, "hundred", "text")],
    message:
        "the data are in {RESULTS}/data/"


rule task_discovery:
    input:
        figures_of("td_"),
    message:
        "all figures of Task Discovery are in {RESULTS}/figures/"


rule gbi:
    input:
        figures_of("gbi_"),
    message:
        "all figures of Gradient-Based Inference are in {RESULTS}/figures/"


rule figures:
    input:
        figures_of(),
    message:
        "all figures are in {RESULTS}/figures/"
