"""Infrastructure under every room: settings, the database server, roles, errors, events, the city's profile."""
