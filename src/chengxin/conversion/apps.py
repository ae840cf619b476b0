"""Django's entry to this room."""

from __future__ import annotations

from django.apps import AppConfig


class ConversionConfig(AppConfig):
    """From older codes to unified social credit codes: mapping, conflicts, corrections, progress."""

    name = "chengxin.conversion"
    label = "conversion"

    def ready(self) -> None:
        """Listen to the floors below once the models are there."""
        from chengxin.conversion.subscribers import listen  # noqa: PLC0415 - models load before it

        listen()
