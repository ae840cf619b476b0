"""How facts arrive: receive, parse, check, link, load, receipt; and the rows sent back."""
