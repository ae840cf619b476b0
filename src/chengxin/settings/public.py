"""Settings of the public end: no sessions, no accounts, one role that reads one schema."""

from __future__ import annotations

import os

from chengxin.base.config import django_database
from chengxin.settings.common import *  # noqa: F403 - a settings module is the shared one plus what differs
from chengxin.settings.common import LOGGING as SHARED_LOGGING

DATABASES = {"default": django_database("public")}
INSTALLED_APPS = ["django.contrib.staticfiles", "chengxin.ends.public"]
ROOT_URLCONF = "chengxin.ends.public.urls"
WSGI_APPLICATION = "chengxin.ends.public.wsgi.application"

API_ADDRESS = os.environ.get("CHENGXIN_API_ADDRESS", "")
"""Where the API's own description stands, for the page about the site; empty names the centre instead."""

MIDDLEWARE = [
    "chengxin.operations.watching.middleware.watch",
    "chengxin.ends.public.middleware.SecurityHeaders",
    "chengxin.ends.public.middleware.AddressLanguage",
    "chengxin.ends.public.middleware.ReadingOnly",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "chengxin.ends.public.middleware.DatabaseAway",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["chengxin.ends.public.site.site"]},
    }
]

STORAGES = {"staticfiles": {"BACKEND": "chengxin.ends.public.assets.VersionedStatic"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 365 * 24 * 3600  # every address of a static file carries a digest of its content
WHITENOISE_ALLOW_ALL_ORIGINS = False

LOGGING = SHARED_LOGGING | {
    # An address can carry what a visitor typed: only the failures of the end itself are written down.
    "loggers": SHARED_LOGGING["loggers"]
    | {"django.request": {"level": "ERROR"}, "django.security": {"level": "ERROR"}},
}
