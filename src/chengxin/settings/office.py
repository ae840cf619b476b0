"""Settings of the office end: sessions in the database, everything behind a log-in, nothing inline in its pages."""

from __future__ import annotations

from chengxin.base.config import django_database
from chengxin.ends.office.access import load_access, trusted_proxies
from chengxin.settings.common import *  # noqa: F403 - a settings module is the shared one plus what differs
from chengxin.settings.common import ALLOWED_HOSTS as SHARED_HOSTS
from chengxin.settings.common import INSTALLED_APPS as SHARED_APPS

_access = load_access()

_database = django_database("office")
_database["OPTIONS"]["options"] += f" -c statement_timeout={_access.statement_seconds * 1000}"
_database["OPTIONS"].setdefault("connect_timeout", _access.connect_seconds)
DATABASES = {"default": _database}

INSTALLED_APPS = [
    *SHARED_APPS,
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "chengxin.ends.office",
]
MIDDLEWARE = [
    "chengxin.operations.watching.middleware.watch",
    "chengxin.ends.office.middleware.headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "chengxin.ends.office.middleware.language",
    "chengxin.ends.office.middleware.upload_limit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "chengxin.ends.office.acting.officers_act",
    "chengxin.ends.office.middleware.session_limits",
    "chengxin.ends.office.middleware.Refusals",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "chengxin.ends.office.middleware.FirstSteps",
    "chengxin.ends.office.doubt.Doubts",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "chengxin.ends.office.pages.frame",
            ]
        },
    }
]
ROOT_URLCONF = "chengxin.ends.office.urls"
WSGI_APPLICATION = "chengxin.ends.office.wsgi.application"

AUTHENTICATION_BACKENDS = ["chengxin.ends.office.log_in.OfficerBackend"]
LOGIN_URL = "log_in"
LOGIN_REDIRECT_URL = "desk"

LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
_over_tls = not set(SHARED_HOSTS) <= LOOPBACK  # off loopback a cookie never travels in the clear
_prefix = "__Host-" if _over_tls else ""

SESSION_ENGINE = "chengxin.ends.office.session_store"  # in the database, so a right withdrawn is withdrawn at once
SESSION_COOKIE_NAME = f"{_prefix}chengxin-session"
SESSION_COOKIE_AGE = _access.session_hours * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = _over_tls
CSRF_COOKIE_NAME = f"{_prefix}chengxin-csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = _over_tls
CSRF_FAILURE_VIEW = "chengxin.ends.office.views.errors.stale_form"
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in SHARED_HOSTS] if _over_tls else []
LANGUAGE_COOKIE_NAME = f"{_prefix}chengxin-language"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Strict"
LANGUAGE_COOKIE_SECURE = _over_tls
LANGUAGE_COOKIE_AGE = 365 * 86_400

if trusted_proxies():
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_NUMBER_FIELDS = _access.form_fields
DATA_UPLOAD_MAX_NUMBER_FILES = 1
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# Served straight from the package: nothing to collect, nothing to forget at an update.
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
