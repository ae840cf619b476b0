"""Settings of the worker role: imports and jobs."""

from __future__ import annotations

from chengxin.base.config import django_database
from chengxin.settings.common import *  # noqa: F403 - a settings module is the shared one plus what differs

DATABASES = {"default": django_database("worker")}
