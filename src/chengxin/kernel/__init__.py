"""The language of the field: identifiers, names, days, clocks, document numbers and amounts."""
