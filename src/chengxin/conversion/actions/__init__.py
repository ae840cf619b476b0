"""State changes of this room."""
