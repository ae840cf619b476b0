"""Settings of the office end."""

from __future__ import annotations

from chengxin.base.config import django_database
from chengxin.settings.common import *  # noqa: F403 - a settings module is the shared one plus what differs
from chengxin.settings.common import INSTALLED_APPS as SHARED_APPS

DATABASES = {"default": django_database("office")}
INSTALLED_APPS = [
    *SHARED_APPS,
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "chengxin.ends.office",
]
ROOT_URLCONF = "chengxin.ends.office.urls"
WSGI_APPLICATION = "chengxin.ends.office.wsgi.application"
