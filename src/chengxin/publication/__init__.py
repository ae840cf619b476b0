"""The read model of the public end: a schema of its own with public fields only."""
