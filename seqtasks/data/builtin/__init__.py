"""Generated data sets that need no network."""
