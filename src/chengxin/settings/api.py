"""Settings of the API end: no sessions, no cookies, no forms of its own; every request is signed."""

from __future__ import annotations

from chengxin.base.config import django_database
from chengxin.ends.api.limits import load_limits
from chengxin.settings.common import *  # noqa: F403 - a settings module is the shared one plus what differs
from chengxin.settings.common import INSTALLED_APPS as SHARED_APPS
from chengxin.settings.common import LOGGING as SHARED_LOGGING

_limits = load_limits()

_database = django_database("api")
_database["OPTIONS"]["options"] += f" -c statement_timeout={_limits.statement_seconds * 1000}"
_database["OPTIONS"].setdefault("connect_timeout", _limits.connect_seconds)
DATABASES = {"default": _database}

INSTALLED_APPS = [*SHARED_APPS, "chengxin.ends.api"]
MIDDLEWARE = [
    "chengxin.operations.watching.middleware.watch",
    "chengxin.ends.api.middleware.problems",
    "chengxin.ends.api.acting.clients_act",
    "chengxin.ends.api.middleware.rates",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
APPEND_SLASH = False
ROOT_URLCONF = "chengxin.ends.api.urls"
WSGI_APPLICATION = "chengxin.ends.api.wsgi.application"

DATA_UPLOAD_MAX_MEMORY_SIZE = _limits.json_bytes
DATA_UPLOAD_MAX_NUMBER_FIELDS = _limits.form_fields
DATA_UPLOAD_MAX_NUMBER_FILES = 1
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

LOGGING = SHARED_LOGGING | {
    # A refusal is an audit event, bounded in number; a line for each would let anybody fill the disk.
    "loggers": SHARED_LOGGING["loggers"]
    | {"django.request": {"level": "ERROR"}, "django.security": {"level": "ERROR"}},
}
