"""Credit checks (信用核查): what is on file about one body on one day, never a list of bodies and never a person."""
