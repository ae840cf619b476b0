"""Django's entry to this end."""

from __future__ import annotations

from django.apps import AppConfig


class PublicConfig(AppConfig):
    """The public end: its own process, settings, addresses and database role."""

    name = "chengxin.ends.public"
    label = "end_public"
