"""Django's entry to this room."""

from __future__ import annotations

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """What: immutable facts on two time axes, and what is in force on a day."""

    name = "chengxin.records"
    label = "records"

    def ready(self) -> None:
        """Listen to the floor below once the models are there."""
        from chengxin.records import review_subscribers, subscribers  # noqa: PLC0415 - models load before them
        from chengxin.records.actions import move_facts, untie_refused  # noqa: PLC0415 - models load before it

        subscribers.listen()
        review_subscribers.listen()
        move_facts.listen()
        untie_refused.listen()
