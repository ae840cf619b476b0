"""Settings every process shares."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from chengxin.base.config import data_folder, web_key
from chengxin.operations.watching.logs import ways

PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = web_key()
DEBUG = False
_hosts = os.environ.get("CHENGXIN_HOSTS") or "127.0.0.1,localhost"
ALLOWED_HOSTS = [host.strip() for host in _hosts.split(",") if host.strip()]

ROOMS = [
    "chengxin.base",
    "chengxin.accounts",
    "chengxin.audit",
    "chengxin.subjects",
    "chengxin.practitioners",
    "chengxin.records",
    "chengxin.intake",
    "chengxin.publication",
    "chengxin.conversion",
]
"""The rooms with tables, lower floors first."""

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    *ROOMS,
]

AUTH_USER_MODEL = "accounts.Officer"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

DATA_FOLDER = data_folder()
CITY = os.environ.get("CHENGXIN_CITY", "kunshan")

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_HSTS_SECONDS = 31_536_000  # a year, sent over TLS only (OWASP ASVS 5.0, 3.4.1)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
STATIC_URL = "/static/"

_ways = ways(os.environ)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "chengxin.operations.watching.logs.LogLine"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        **{way: {"()": "chengxin.operations.watching.shipping.shipping_handler", "way": way} for way in _ways},
    },
    "loggers": {"chengxin.access": {"level": "INFO"}},  # every decision about access, whatever else is told
    "root": {"handlers": ["stderr", *_ways], "level": os.environ.get("CHENGXIN_LOG_LEVEL", "WARNING")},
}
