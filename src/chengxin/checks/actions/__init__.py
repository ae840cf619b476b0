"""State changes: one class each, with check() and execute(). A check changes the audit trail: it says who looked."""
