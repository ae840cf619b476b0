"""Django's backend for addresses whose password is in a file and changes while the process runs."""
