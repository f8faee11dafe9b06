# Audits of the user's own images: only where audit.images names some.

# Snakemake takes a report for up to date whose images are gone.
if gone := [
    f"audit.images.{own}: there is no {path}" for own, path in SETTINGS.audit.images.items() if not Path(path).exists()
]:
    raise WorkflowError("; ".join(gone))


if SETTINGS.audit.images:

    rule audit_images:
        input:
            code("whichtask.cli.audit:audit"),
            own=lambda wildcards: SETTINGS.audit.images[wildcards.own],
        output:
            multiext(
                "<results>/audit/{own}/",
                findings="findings.json",
                report="report.html",
                scores="scores.csv",
                tasks="tasks.csv",
            ),
        log:
            "<logs>/audit/{own}.log",
        benchmark:
            "<benchmarks>/audit/{own}.tsv"
        wildcard_constraints:
            own="|".join(SETTINGS.audit.images),
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=8000,
            runtime=int(SETTINGS.audit.minutes) + 15,
        params:
            settings=[
                f"--{key.replace('_', '-')}={value}"
                for key, value in {"seed": SETTINGS.seed, **SETTINGS.audit.model_dump(exclude={"images"})}.items()
                if value is not None
            ],
            listing=lambda wildcards: listing(SETTINGS.audit.images[wildcards.own]),
            folder=lambda wildcards, output: Path(output.findings).parent,
        message:
            "audit {wildcards.own}"
        shell:
            "whichtask audit {input.own:q} --out {params.folder:q} {params.settings:q} --threads {threads} > {log:q} 2>&1"


rule audit:
    input:
        audited,
    message:
        f"the reports are {RESULTS}/audit/*/report.html"
