"""Settings of the public end: no sessions, no accounts, one role that reads one schema."""

from __future__ import annotations

from chengxin.base.config import django_database
from chengxin.settings.common import *  # noqa: F403 - a settings module is the shared one plus what differs

DATABASES = {"default": django_database("public")}
INSTALLED_APPS = ["django.contrib.staticfiles", "chengxin.ends.public"]
ROOT_URLCONF = "chengxin.ends.public.urls"
WSGI_APPLICATION = "chengxin.ends.public.wsgi.application"
