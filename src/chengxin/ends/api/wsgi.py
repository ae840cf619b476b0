"""The API end as a WSGI application: ``gunicorn chengxin.ends.api.wsgi:application``."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from chengxin.base.memory import settle

os.environ["DJANGO_SETTINGS_MODULE"] = "chengxin.settings.api"

application = get_wsgi_application()
settle()
