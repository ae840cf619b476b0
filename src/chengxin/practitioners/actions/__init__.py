"""The changes and looks of this room, each with check() and execute()."""
