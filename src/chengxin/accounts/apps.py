"""Django's entry to this room."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Organisations, officers, their roles, and API clients."""

    name = "chengxin.accounts"
    label = "accounts"
