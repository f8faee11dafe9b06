# A random-network split of a real ImageNet folder: only where imagenet.folder names one.

if SETTINGS.imagenet.folder:

    rule imagenet_split:
        input:
            code("whichtask.cli.imagenet:split"),
            own=own_file(SETTINGS.imagenet.folder),
            split=[],
        output:
            multiext(
                "<results>/imagenet/split/",
                table="split.csv",
                train="train.txt",
                test="test.txt",
                settings="config.yaml",
            ),
        log:
            "<logs>/imagenet/split.log",
        benchmark:
            "<benchmarks>/imagenet/split.tsv"
        conda:
            ENVIRONMENT
        threads: 8
        resources:
            gpu=1,
            mem_mb=16000,
            runtime=480,
        params:
            verb="split",
            split=[],
            results=lambda wildcards: RESULTS,
            job=as_it_is(ImageNetJob.split(SETTINGS)),
            listing=lambda wildcards: listing(SETTINGS.imagenet.folder),
            folder=lambda wildcards, output: Path(output.table).parent,
        message:
            "split ImageNet by a randomly initialised network"
        shell:
            "whichtask imagenet {params.verb} {input.own:q} {params.split:q} --out {params.folder:q} "
            "--job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"

    use rule imagenet_split as imagenet_train with:
        input:
            code("whichtask.cli.imagenet:train"),
            own=own_file(SETTINGS.imagenet.folder),
            split="<results>/imagenet/split/split.csv",
        output:
            multiext(
                "<results>/imagenet/{control}/",
                table="accuracies.csv",
                confusion="confusion.npz",
                history="history.csv",
                network="network.safetensors",
                settings="config.yaml",
            ),
        log:
            "<logs>/imagenet/{control}.log",
        benchmark:
            "<benchmarks>/imagenet/{control}.tsv"
        wildcard_constraints:
            control="adversarial|random",
        resources:
            gpu=1,
            mem_mb=16000,
            runtime=5760,
        params:
            verb="train",
            split=lambda wildcards, input: [f"--split={Path(input.split).parent}", f"--control={wildcards.control}"],
            results=lambda wildcards: RESULTS,
            job=as_it_is(ImageNetJob.of(SETTINGS)),
            listing=lambda wildcards: listing(SETTINGS.imagenet.folder),
            folder=lambda wildcards, output: Path(output.table).parent,
        message:
            "train on the {wildcards.control} split of ImageNet"
