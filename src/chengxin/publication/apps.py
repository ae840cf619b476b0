"""Django's entry to this room."""

from __future__ import annotations

from django.apps import AppConfig


class PublicationConfig(AppConfig):
    """The read model of the public end: a schema of its own with public fields only."""

    name = "chengxin.publication"
    label = "publication"

    def ready(self) -> None:
        """Listen to the floor below once the models are there."""
        from chengxin.publication import codes, subscribers  # noqa: PLC0415 - models load before it

        subscribers.listen()
        codes.listen()
