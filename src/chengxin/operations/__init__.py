"""Keeping an installation alive: rehearsed backups, the doctor, health, figures, traces and logs."""
