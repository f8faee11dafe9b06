# Targets that do not exist, with names like theirs; to be included when all rules are known.

from whichtask.runs.names import require_known

if ALONE and workflow.is_main_process and workflow.dag_settings:
    try:
        require_known(workflow.dag_settings.targets, (rule.name for rule in workflow.rules))
    except WhichtaskError as error:
        raise WorkflowError(str(error)) from None
