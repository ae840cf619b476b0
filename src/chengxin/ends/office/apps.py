"""Django's entry to this end."""

from __future__ import annotations

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """The office end: its own process, settings, addresses and database role."""

    name = "chengxin.ends.office"
    label = "end_office"
