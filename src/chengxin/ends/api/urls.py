"""The addresses of the API end."""

from __future__ import annotations

from django.urls import path

from chengxin.ends.api.api import api

urlpatterns = [path("api/v1/", api.urls)]

handler400 = "chengxin.ends.api.problems.bad_request"
handler403 = "chengxin.ends.api.problems.forbidden"
handler404 = "chengxin.ends.api.problems.not_found"
handler500 = "chengxin.ends.api.problems.failed"
