"""Django's entry to this end."""

from __future__ import annotations

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """The office end: its own process, settings, addresses and database role."""

    name = "chengxin.ends.office"
    label = "end_office"

    def ready(self) -> None:
        """Forget an officer's devices and sessions when what the officer logs in with is renewed."""
        from chengxin.ends.office import subscribers  # noqa: PLC0415 - models are there only now

        subscribers.start()
