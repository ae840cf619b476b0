"""Assisted linking of rows: which rows come before a person, and how a decided row becomes a fact."""
