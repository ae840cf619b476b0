"""Settings of the owner role: migrations and tests; no server runs as owner."""

from __future__ import annotations

from chengxin.base.config import django_database
from chengxin.settings.common import *  # noqa: F403 - a settings module is the shared one plus what differs
from chengxin.settings.common import INSTALLED_APPS as SHARED_APPS

DATABASES = {"default": django_database("owner")}
# Tables and grants of the office end: its sessions and its counted log-ins.
INSTALLED_APPS = [*SHARED_APPS, "django.contrib.sessions", "chengxin.ends.office"]
