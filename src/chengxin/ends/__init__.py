"""The ends: all HTTP, templates and static files, and nothing else."""
