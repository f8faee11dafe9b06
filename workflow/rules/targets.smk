# Targets beside `all` and `headline`: parts of the work, one for each stage of DVC (dvc.yaml) among them; and the metrics by
# which DVC compares runs.


rule task_discovery_tables:
    input:
        DRAWN.tables_of("td_"),
        PLAN.bridge_scores,
    message:
        f"the tables of Task Discovery are in {RESULTS}/"


rule gbi_tables:
    input:
        DRAWN.tables_of("gbi_"),
    message:
        f"the tables of Gradient-Based Inference are in {RESULTS}/gbi/"


rule bridge_tables:
    input:
        DRAWN.tables_of("bridge_"),
    message:
        f"the tables of the bridge are in {RESULTS}/bridge/"


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
        DRAWN.all_files(),
        expand("<results>/{name}.csv", name=["claims", "claims_headline"]),
        "<results>/metrics.json",
        rules.site.output,
        rules.whole_site.output,
    message:
        f"figures, claims, metrics and the website are in {RESULTS}/"


rule fetch:
    input:
        [PLAN.images(name) for name in (*PLAN.settings_of, "hundred", "text")],
    message:
        f"the data are in {RESULTS}/data/"


rule task_discovery:
    input:
        DRAWN.all_files("td_"),
    message:
        f"all figures of Task Discovery are in {RESULTS}/figures/"


rule ablations:
    input:
        DRAWN.further_files("td_"),
    message:
        f"the figures of Task Discovery beyond the headline are in {RESULTS}/figures/"


rule gbi:
    input:
        DRAWN.all_files("gbi_"),
    message:
        f"all figures of Gradient-Based Inference are in {RESULTS}/figures/"


rule bridge:
    input:
        DRAWN.all_files("bridge_"),
    message:
        f"all figures of the bridge are in {RESULTS}/figures/"


rule figures:
    input:
        DRAWN.all_files(),
    message:
        f"all figures are in {RESULTS}/figures/"
