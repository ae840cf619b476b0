"""The language of the field: identifiers, names, days, clocks, document numbers, amounts. Imports nothing of ours."""
