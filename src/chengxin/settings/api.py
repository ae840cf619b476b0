"""Settings of the API end."""

from __future__ import annotations

from chengxin.base.config import django_database
from chengxin.settings.common import *  # noqa: F403 - a settings module is the shared one plus what differs
from chengxin.settings.common import INSTALLED_APPS as SHARED_APPS

DATABASES = {"default": django_database("api")}
INSTALLED_APPS = [*SHARED_APPS, "chengxin.ends.api"]
ROOT_URLCONF = "chengxin.ends.api.urls"
WSGI_APPLICATION = "chengxin.ends.api.wsgi.application"
