"""Quality rules as SQL: a rule's file, its entry in ``catalogue.yaml`` and its test share a stem.

The SELECT is the report.
"""
