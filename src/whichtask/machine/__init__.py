"""The machine a job runs on: devices, leases of GPUs, and signals that end it early."""
