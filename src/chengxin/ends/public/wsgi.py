"""The public end as a WSGI application, for gunicorn.

A search puts what the visitor typed into the address (``?q=``). The front server's access log should leave out the
query part of ``/search/``; gunicorn's own is off unless it is asked for.
"""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from chengxin.base.memory import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chengxin.settings.public")

application = get_wsgi_application()
settle()
