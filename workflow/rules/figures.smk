# Figures and claims: they read tables and arrays and train nothing.


def input_options(wildcards, input):
    """Return the `--input NAME=PATH` options of a figure, from its named inputs."""
    return [
        f"--input={name}={path}" for name, paths in input.items() if name != "code" for path in as_list(paths)
    ]


def as_list(paths):
    return [paths] if isinstance(paths, str) else list(paths)


for FIGURE in FIGURE_INPUTS:

    rule:
        name:
            FIGURE
        input:
            **FIGURE_INPUTS[FIGURE],
            code=code("figures"),
        output:
            report(
                figure_files(FIGURE)[0],
                caption=f"../report/{FIGURE}.rst",
                category="Task Discovery",
                labels={"figure": FIGURE, "data": DATA, "scale": SETTINGS.scale},
            ),
            figure_files(FIGURE)[1:],
        params:
            job=SETTINGS.figures.model_dump_json(),
            inputs=input_options,
            figure=FIGURE,
        log:
            f"{RESULTS}/logs/figures/{FIGURE}.log",
        benchmark:
            f"{RESULTS}/benchmarks/figures/{FIGURE}.tsv"
        message:
            "draw {params.figure}"
        shell:
            "whichtask figure {params.figure} {params.inputs:q} --job {params.job:q} --out {output[0]:q} > {log:q} 2>&1"


rule claims:
    input:
        claims="config/claims.yaml",
        tables=sorted({*BY_SOURCE, *BY_NETWORK}),
        similarities=SIMILARITIES,
        code=code("claims"),
    output:
        table=report(
            f"{RESULTS}/claims.csv",
            caption="../report/claims.rst",
            category="Claims",
            labels={"data": DATA, "scale": SETTINGS.scale},
        ),
        page=f"{RESULTS}/claims.md",
    params:
        tables=lambda wildcards, input: [f"--table={path}" for path in input.tables],
        similarities=lambda wildcards, input: [f"--similarity={path}" for path in input.similarities],
        scale=SETTINGS.scale,
        data=DATA,
    log:
        f"{RESULTS}/logs/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims.tsv"
    message:
        "compare with the paper"
    shell:
        "whichtask claims --claims {input.claims:q} {params.tables:q} {params.similarities:q} "
        "--scale {params.scale} --data {params.data:q} --out {output.table:q} > {log:q} 2>&1"
