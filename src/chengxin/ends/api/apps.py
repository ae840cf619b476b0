"""Django's entry to this end."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The api end: its own process, settings, addresses and database role."""

    name = "chengxin.ends.api"
    label = "end_api"
