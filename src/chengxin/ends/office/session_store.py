"""Sessions in this end's own table, so that a right withdrawn is withdrawn at once and officers see their sessions."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from chengxin.ends.office.models import OfficeSession
from chengxin.ends.office.sessions import BEGAN, DEVICE, NETWORK, SEEN, SITTING, WORDS, moment


class SessionStore(DatabaseStore):
    """Django's sessions in the database, with what an officer recognises a session by beside them."""

    @classmethod
    def get_model_class(cls) -> type[OfficeSession]:
        """Return the table."""
        return OfficeSession

    def create_model_instance(self, data: dict[str, Any]) -> OfficeSession:
        """Return the row of ``data``."""
        row = cast("OfficeSession", super().create_model_instance(data))
        officer = data.get(SESSION_KEY)
        row.officer_id = int(officer) if officer else None
        row.sitting = str(data.get(SITTING, ""))
        row.began, row.seen = moment(data, BEGAN), moment(data, SEEN)
        row.device = data.get(DEVICE)
        row.words, row.network = str(data.get(WORDS, "")), str(data.get(NETWORK, ""))
        return row
