# whichtask: which tasks does a network generalise on, and which task is it in?
#
#   snakemake --cores all                                     everything at laptop scale, offline, CPU
#   snakemake --cores all headline                            the headline figures and claims only
#   snakemake --cores all --configfile config/paper.yaml      the papers' scale
#   snakemake --cores all td_similarity                       one figure and what it needs
#   snakemake --cores all -s PROJECT/Snakefile                from another folder, into its results/


include: "workflow/rules/config.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/signals.smk"
include: "workflow/rules/speed.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/agreement.smk"
include: "workflow/rules/discovery.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/splits.smk"
include: "workflow/rules/imagenet.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/site.smk"
include: "workflow/rules/targets.smk"


rule all:
    input:
        DRAWN.all_files(),
        f"{RESULTS}/claims.csv",
        rules.whole_site.output,
    message:
        f"everything is in {RESULTS}/: site/, figures/, claims.md, agreement/, discovery/, tasks/"


rule headline:
    input:
        DRAWN.headlines,
        f"{RESULTS}/claims_headline.csv",
        rules.site.output,
    message:
        f"the website is {RESULTS}/site/index.html, the headline figures are in {RESULTS}/figures/"
