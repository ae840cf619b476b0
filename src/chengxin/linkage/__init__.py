"""Link two registers that share no codes: Splink's probabilities over the kernel's parts of names.

A link found here is a proposal about names. It attaches no fact to anybody: an identifier or a named officer does.
"""
