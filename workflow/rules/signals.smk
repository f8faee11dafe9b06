# Early signals. SLURM's --signal=USR1@300 warns a job before its time is up, but where cgroups track processes the
# warning reaches only the process that SLURM itself started: the Snakemake above a training job, not the job. Elsewhere
# it reaches everything at once. Either way neither Snakemake nor the shell between them must die of it, as that ends
# the job before it has saved its state.

# The workflow around a module decides for itself.

import signal

from whichtask.machine.interrupts import hand_on

if workflow.modifier.is_main_snakefile():
    signal.signal(signal.SIGUSR1, hand_on)
    # The shell ignores it until the job's own handler is in place; the rest is Snakemake's default prefix.
    shell.prefix("trap '' USR1; set -euo pipefail; ")
