"""How far a run is, and one figure of it again: reads what Snakemake and the jobs left on disk; trains nothing."""
