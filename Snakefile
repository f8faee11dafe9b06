# whichtask: which tasks does a network generalise on, and which task is it in?
#
#   snakemake --cores all                                     laptop scale, offline, CPU
#   snakemake --cores all --configfile config/paper.yaml      the papers' scale
#   snakemake --cores all td_similarity                       one figure and what it needs


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/agreement.smk"
include: "workflow/rules/discovery.smk"
include: "workflow/rules/splits.smk"
include: "workflow/rules/figures.smk"


rule all:
    default_target: True
    input:
        [figure_files(figure) for figure in FIGURE_INPUTS],
        f"{RESULTS}/claims.csv",
    message:
        "everything is in {RESULTS}/: figures/, claims.md, agreement/, discovery/, tasks/"


rule figures:
    input:
        [figure_files(figure) for figure in FIGURE_INPUTS],
    message:
        "all figures are in {RESULTS}/figures/"
