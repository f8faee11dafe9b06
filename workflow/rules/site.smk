# The website: it reads tables and arrays and trains nothing.
#
# It shows whatever the results folder holds. `headline` asks for its first page, which needs what the headline run makes;
# `all` asks for its last file, which needs all that it can show.

from whichtask.plan.site import site_code, site_inputs


rule site:
    input:
        site_inputs(PLAN, whole=False),
        code=site_code(HERE),
    output:
        "<results>/site/index.html",
    log:
        "<logs>/site.log",
    benchmark:
        "<benchmarks>/site.tsv"
    conda:
        ENVIRONMENT
    params:
        results=lambda wildcards: RESULTS,
        job=as_it_is(SETTINGS),
    message:
        f"write the website, {RESULTS}/site/index.html"
    shell:
        "whichtask site --results {params.results:q} --out {params.results:q}/site --job {params.job:q} > {log:q} 2>&1"


use rule site as whole_site with:
    input:
        # The folder is the same: one after the other.
        ancient("<results>/site/index.html"),
        site_inputs(PLAN, whole=True),
        code=site_code(HERE),
    output:
        "<results>/site/files/whole.txt",
    log:
        "<logs>/whole_site.log",
    benchmark:
        "<benchmarks>/whole_site.tsv"
