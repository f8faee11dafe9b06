# Targets beside `all` and `headline`: parts of the work, one for each stage of DVC (dvc.yaml) among them; and the metrics by
# which DVC compares runs.

# Those of whichtask.claims.metrics.HEADLINES, which is not imported here because it takes Matplotlib along.
SUMMED_UP = [
    "gbi_language_learning",
    "gbi_mnist_table",
    "gbi_ood_table",
    "gbi_toy_learning",
    "td_as_by_source",
    "td_splits_table",
]


rule task_discovery_tables:
    input:
        [tables_of(figure) for figure in FIGURE_INPUTS if figure.startswith("td_")],
        # Only claims are read from these.
        similarity_path(REGULATED),
    message:
        "the tables of Task Discovery are in {RESULTS}/"


rule gbi_tables:
    input:
        [tables_of(figure) for figure in FIGURE_INPUTS if figure.startswith("gbi_")],
    message:
        "the tables of Gradient-Based Inference are in {RESULTS}/gbi/"


rule metrics:
    input:
        claims=f"{RESULTS}/claims.csv",
        drawn=[f"{RESULTS}/figures/{figure}.csv" for figure in SUMMED_UP],
        code=code_of(room="claims"),
    output:
        f"{RESULTS}/metrics.json",
    log:
        f"{RESULTS}/logs/metrics.log",
    benchmark:
        f"{RESULTS}/benchmarks/metrics.tsv"
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
        [figure_files(figure) for figure in FIGURE_INPUTS],
        expand(f"{RESULTS}/{{name}}.csv", name=["claims", "claims_headline"]),
        f"{RESULTS}/metrics.json",
    message:
        "figures, claims and metrics are in {RESULTS}/"


rule fetch:
    input:
        [data_file(name) for name in (*SETTINGS_OF, "hundred", "text")],
    message:
        "the data are in {RESULTS}/data/"


rule task_discovery:
    input:
        [figure_files(figure) for figure in FIGURE_INPUTS if figure.startswith("td_")],
    message:
        "all figures of Task Discovery are in {RESULTS}/figures/"


rule gbi:
    input:
        [figure_files(figure) for figure in FIGURE_INPUTS if figure.startswith("gbi_")],
    message:
        "all figures of Gradient-Based Inference are in {RESULTS}/figures/"


rule figures:
    input:
        [figure_files(figure) for figure in FIGURE_INPUTS],
    message:
        "all figures are in {RESULTS}/figures/"
