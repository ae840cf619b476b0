"""Django's entry to this room."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """How facts arrive: receive, parse, check, link, load, receipt; and the rows sent back."""

    name = "chengxin.intake"
    label = "intake"
