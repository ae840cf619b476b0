"""The office end as a WSGI application: ``gunicorn chengxin.ends.office.wsgi:application``."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from chengxin.base.memory import settle

os.environ["DJANGO_SETTINGS_MODULE"] = "chengxin.settings.office"

application = get_wsgi_application()
settle()
