"""What: immutable facts on two time axes, and what is in force on a day."""
