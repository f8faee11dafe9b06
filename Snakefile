# whichtask: which tasks does a network generalise on, and which task is it in?
#
#   snakemake --cores all                                     everything at laptop scale, offline, CPU
#   snakemake --cores all headline                            the headline figures and claims only
#   snakemake --cores all --configfile config/paper.yaml      the papers' scale
#   snakemake --cores all td_similarity                       one figure and what it needs


report: "workflow/report/workflow.rst"


include: "workflow/rules/config.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/signals.smk"
include: "workflow/rules/functions.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/agreement.smk"
include: "workflow/rules/discovery.smk"
include: "workflow/rules/probes.smk"
include: "workflow/rules/splits.smk"
include: "workflow/rules/imagenet.smk"
include: "workflow/rules/gbi_plan.smk"
include: "workflow/rules/gbi.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/targets.smk"


rule all:
    default_target: True
    input:
        [figure_files(figure) for figure in FIGURE_INPUTS],
        f"{RESULTS}/claims.csv",
    message:
        "everything is in {RESULTS}/: figures/, claims.md, agreement/, discovery/, tasks/"


rule headline:
    input:
        [figure_files(figure) for figure in HEADLINE_INPUTS],
        f"{RESULTS}/claims_headline.csv",
    message:
        "the headline figures are in {RESULTS}/figures/"
