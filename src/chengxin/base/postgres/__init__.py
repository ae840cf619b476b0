"""Django's PostgreSQL backend, with one addition: every transaction begins by saying who acts."""
