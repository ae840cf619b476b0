"""What can be seen of a running installation without seeing anybody: health, figures, traces and logs.

No personal data and no number of a person, body, batch or record leaves by any of them: labels come from short lists,
statements carry no values, logs are masked. All of it may be lost; what must not be lost is in the audit trail.
"""
