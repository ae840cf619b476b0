"""Who: bodies with their identifiers and names through time, and how facts are tied to them."""
