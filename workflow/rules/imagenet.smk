# A random-network split of a real ImageNet folder: only where imagenet.folder names one.

if SETTINGS.imagenet.folder:

    rule imagenet_split:
        input:
            code("imagenet"),
            own=own_file(SETTINGS.imagenet.folder),
        output:
            multiext(
                f"{RESULTS}/imagenet/split/",
                table="split.csv",
                train="train.txt",
                test="test.txt",
                settings="config.yaml",
            ),
        log:
            f"{RESULTS}/logs/imagenet/split.log",
        benchmark:
            f"{RESULTS}/benchmarks/imagenet/split.tsv"
        conda:
            ENVIRONMENT
        threads: 8
        resources:
            gpu=1,
            mem_mb=16000,
            runtime=480,
        params:
            results=lambda wildcards: RESULTS,
            job=as_it_is(ImageNetJob.split(SETTINGS)),
            folder=lambda wildcards, output: Path(output.table).parent,
        message:
            "split ImageNet by a randomly initialised network"
        shell:
            "whichtask imagenet split {input.own:q} --out {params.folder:q} --job {params.job:q} "
            "--results {params.results:q} --threads {threads} > {log:q} 2>&1"

    rule imagenet_train:
        input:
            code("imagenet"),
            own=own_file(SETTINGS.imagenet.folder),
            split=f"{RESULTS}/imagenet/split/split.csv",
        output:
            multiext(
                f"{RESULTS}/imagenet/{{control}}/",
                table="accuracies.csv",
                confusion="confusion.npz",
                history="history.csv",
                network="network.safetensors",
                settings="config.yaml",
            ),
        log:
            f"{RESULTS}/logs/imagenet/{{control}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/imagenet/{{control}}.tsv"
        wildcard_constraints:
            control="adversarial|random",
        conda:
            ENVIRONMENT
        threads: 8
        resources:
            gpu=1,
            mem_mb=16000,
            runtime=5760,
        params:
            results=lambda wildcards: RESULTS,
            job=as_it_is(ImageNetJob.of(SETTINGS)),
            folder=lambda wildcards, output: Path(output.table).parent,
            split=lambda wildcards, input: Path(input.split).parent,
        message:
            "train on the {wildcards.control} split of ImageNet"
        shell:
            "whichtask imagenet train {input.own:q} --split {params.split:q} --control {wildcards.control} "
            "--out {params.folder:q} --job {params.job:q} --results {params.results:q} --threads {threads} > {log:q} 2>&1"
