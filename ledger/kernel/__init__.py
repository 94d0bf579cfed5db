"""Units, money, ids, clock, errors and settings: what every capability stands on, and nothing else."""
