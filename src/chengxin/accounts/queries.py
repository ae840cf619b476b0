"""Reads of organisations and clients."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.db.models import Q

from chengxin.accounts.models import ApiClient, Organisation
from chengxin.base.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime


def organisation_by_code(code: str) -> Organisation:
    """Return the organisation with this code or 统一社会信用代码; raise ``NotFound`` naming what to do."""
    # The database knows no text with U+0000 in it.
    found = None if "\0" in code else Organisation.objects.filter(Q(code=code) | Q(uscc=code)).first()
    if found is None:
        raise NotFound(
            "unknown_organisation",
            f"没有代码为“{code}”的单位，请用 chengxin organisations 查看本市单位代码",
            f"no organisation has the code {code!r}; list them with: chengxin organisations",
            where=code,
        )
    return found


def client_by_token(token: str, now: datetime) -> ApiClient | None:
    """Return the live client that may show ``token``, or None when none may, it ended or it was revoked."""
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    return (
        ApiClient.objects.select_related("organisation")
        .filter(token_digest=digest, allow_bearer=True, revoked_at__isnull=True, expires_at__gt=now)
        .filter(organisation__is_active=True)
        .first()
    )
