"""Filters of the public end's templates."""
