"""State changes: one class each, with check() and execute()."""
