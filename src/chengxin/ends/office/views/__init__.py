"""The pages of the office end, one module for each part of an officer's work."""
