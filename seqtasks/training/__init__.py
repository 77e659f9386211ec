"""Training: the loop, run folders, checkpoints, reports."""
