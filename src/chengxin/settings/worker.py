"""Settings of the worker role: imports and jobs."""

from __future__ import annotations

from chengxin.base.config import django_database
from chengxin.settings.common import *  # noqa: F403 - a settings module is the shared one plus what differs

_database = django_database("worker")
# Rows on their way into a table with row security, 50,000 at a time (chengxin.base.bulk), must not go by the disk.
_database["OPTIONS"]["options"] += " -c temp_buffers=160MB"
DATABASES = {"default": _database}
