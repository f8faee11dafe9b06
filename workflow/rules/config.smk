# The checked configuration.


include: "place.smk"


from whichtask.config import load_config, read_config

# That of the folder of the run; one that has none takes the project's, and so does a module.
CONFIG_FILE = "config/config.yaml"
if not (ALONE and os.path.exists(CONFIG_FILE)):
    CONFIG_FILE = str(HERE / CONFIG_FILE)

try:
    if workflow.modifier.skip_configfile:  # a module that is given its configuration
        SETTINGS = load_config(config)
    elif not ALONE:  # what the command line gives is for the workflow around the module
        SETTINGS = read_config([CONFIG_FILE])
    else:  # the files themselves: Snakemake's `config` is merged by other rules
        given = workflow.config_settings
        base = [] if given.replace_workflow_config else [CONFIG_FILE]
        SETTINGS = read_config([*base, *given.configfiles], given.config)
except WhichtaskError as error:
    raise WorkflowError(str(error)) from None


configfile: CONFIG_FILE


pathvars:
    results=SETTINGS.results,
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


# A workflow around the module may set it too.
RESULTS = workflow.pathvars.apply("<results>")
SETTINGS = SETTINGS.model_copy(update={"results": RESULTS})
