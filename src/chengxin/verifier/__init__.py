"""Verifies the audit trail and the facts it vouches for, on its own: no line of the platform that writes is used here.

Only the standard library, psycopg and the two libraries of cryptography are imported, so that this folder can be taken
to another machine and read by somebody who trusts neither the platform nor its administrators.
"""
