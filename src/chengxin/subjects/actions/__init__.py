"""State changes: one class each."""
