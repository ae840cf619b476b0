"""Settings of the owner role: migrations and tests; no server runs as owner."""

from __future__ import annotations

from chengxin.base.config import django_database
from chengxin.settings.common import *  # noqa: F403 - a settings module is the shared one plus what differs

DATABASES = {"default": django_database("owner")}
