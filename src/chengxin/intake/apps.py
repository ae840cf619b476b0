"""Django's entry to this room."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """How facts arrive: receive, parse, check, link, load, receipt; and the rows sent back."""

    name = "chengxin.intake"
    label = "intake"

    def ready(self) -> None:
        """Listen to the floor below once the models are there."""
        from chengxin.intake.subscribers import listen  # noqa: PLC0415 - models load before it

        listen()
