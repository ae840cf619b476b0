"""Addresses of the public end. Chinese is at the root, English under ``/en/``; machines' addresses have no language."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import path, register_converter

from chengxin.ends.public import code_views, pages, views
from chengxin.ends.public.forms import LARGEST_KEY, is_person_number
from chengxin.ends.public.show import LICENCE, PENALTY


class CodeConverter:
    """A unified social credit code. A person's number is no address here, so it reaches neither view nor log."""

    regex = "[0-9A-Z]{18}"

    def to_python(self, value: str) -> str:
        """Return the code; raise ``ValueError``, which is a 404, for what looks like a person's number."""
        if is_person_number(value):
            raise ValueError("a person's number")
        return value

    def to_url(self, value: str) -> str:
        """Return the code as it stands."""
        return value


class RecordConverter:
    """The number of a record, small enough for the database."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """Return the number; raise ``ValueError``, which is a 404, for one too large or with leading zeros."""
        if int(value) > LARGEST_KEY or str(int(value)) != value:
            raise ValueError("no record number")
        return int(value)

    def to_url(self, value: int) -> str:
        """Return the number in digits."""
        return str(value)


register_converter(CodeConverter, "code")
register_converter(RecordConverter, "record")

urlpatterns = [
    path("robots.txt", pages.robots),
    path("healthz", pages.health),
    path("favicon.ico", pages.favicon),
    *i18n_patterns(
        path("", views.home, name="home"),
        path("search/", views.search, name="search"),
        path("body/<code:uscc>/", views.body, name="body"),
        path("fact/<record:record_id>/", views.fact, name="fact"),
        path("licences/", views.facts, {"item": LICENCE}, name="licences"),
        path("penalties/", views.facts, {"item": PENALTY}, name="penalties"),
        path("codes/", code_views.codes, name="codes"),
        path("about/", pages.about, name="about"),
        prefix_default_language=False,
    ),
]

handler400 = "chengxin.ends.public.errors.bad_request"
handler404 = "chengxin.ends.public.errors.not_found"
handler500 = "chengxin.ends.public.errors.failed"
