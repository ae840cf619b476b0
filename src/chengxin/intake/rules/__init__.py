"""Quality rules as SQL: one file, one entry in ``catalogue.yaml`` and one test share a stem; the SELECT is the report."""
