# The checked configuration.

import os

from snakemake.exceptions import WorkflowError

from whichtask.config import load_config, read_config
from whichtask.errors import WhichtaskError

# That of the folder of the run; one that has none takes the project's.
CONFIG_FILE = "config/config.yaml"
if not os.path.exists(CONFIG_FILE):
    CONFIG_FILE = str(PROJECT / CONFIG_FILE)

try:
    if workflow.modifier.skip_configfile:  # the module of a workflow that gives it its configuration
        SETTINGS = load_config(config)
    else:  # the files themselves: Snakemake's `config` is merged by other rules
        given = workflow.config_settings
        base = [] if given.replace_workflow_config else [CONFIG_FILE]
        SETTINGS = read_config([*base, *given.configfiles], given.config)
except WhichtaskError as error:
    raise WorkflowError(str(error)) from None


configfile: CONFIG_FILE
