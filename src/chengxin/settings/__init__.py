"""One settings module per kind of process: what it may reach differs, and so does its database role."""
