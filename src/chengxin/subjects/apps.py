"""Django's entry to this room."""

from __future__ import annotations

from django.apps import AppConfig


class SubjectsConfig(AppConfig):
    """Who: bodies with their identifiers and names through time, and how facts are tied to them."""

    name = "chengxin.subjects"
    label = "subjects"
