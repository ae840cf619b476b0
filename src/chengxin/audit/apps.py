"""Django's entry to this room."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only events, written in the same transaction as what they witness."""

    name = "chengxin.audit"
    label = "audit"
