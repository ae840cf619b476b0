"""Django's entry to this room: schemas before a migration, row security and grants after it."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig, apps
from django.db import connections, transaction
from django.db.models.signals import post_migrate, pre_migrate

from chengxin.base.isolation import apply_policies

if TYPE_CHECKING:
    from collections.abc import Iterator


class BaseConfig(AppConfig):
    """The infrastructure room."""

    name = "chengxin.base"
    label = "base"

    def ready(self) -> None:
        """Make the schemas before anything is migrated, and grant to the roles once everything is."""
        pre_migrate.connect(make_schemas, dispatch_uid="chengxin.schemas")
        post_migrate.connect(grant_to_roles, dispatch_uid="chengxin.grants")


def make_schemas(using: str = "default", **_kwargs: Any) -> None:  # noqa: ANN401 - a signal's extras
    """Make the two schemas: ``core`` for the platform, ``publication`` for what may be replicated outward."""
    with connections[using].cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS core")
        cursor.execute("CREATE SCHEMA IF NOT EXISTS publication")


def grant_files() -> Iterator[tuple[str, str]]:
    """Yield (room, SQL) of each installed room's ``grants.sql``, lower floors first."""
    yield from _files("grants.sql")


def policy_files() -> Iterator[tuple[str, str]]:
    """Yield (room, SQL) of each installed room's ``policies.sql``, lower floors first."""
    yield from _files("policies.sql")


def grant_to_roles(sender: AppConfig, using: str = "default", **_kwargs: Any) -> None:  # noqa: ANN401
    """Apply every room's policies and grants once, when the last installed application has been migrated.

    A right that no ``grants.sql`` names is taken away first: what a room no longer grants, nobody keeps. A policy that
    no ``policies.sql`` names goes as well, see ``chengxin.base.isolation``.
    """
    if sender != [one for one in apps.get_app_configs() if one.models_module is not None][-1]:
        return
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        apply_policies(cursor, [text for _room, text in policy_files()])
        for _room, text in grant_files():
            cursor.execute(text)


def _files(name: str) -> Iterator[tuple[str, str]]:
    for config in apps.get_app_configs():
        if config.name.startswith("chengxin."):
            path = resources.files(config.name) / name
            if path.is_file():
                yield config.name, path.read_text(encoding="utf-8")
