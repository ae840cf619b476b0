"""Django's entry to this room."""

from __future__ import annotations

from django.apps import AppConfig


class PractitionersConfig(AppConfig):
    """Persons in regulated occupations, in that capacity alone."""

    name = "chengxin.practitioners"
    label = "practitioners"
