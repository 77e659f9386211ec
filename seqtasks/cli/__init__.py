"""The command line: a thin skin over plain functions, one file a verb."""
