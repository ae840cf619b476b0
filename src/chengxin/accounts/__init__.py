"""Organisations, officers, their roles, and API clients."""
