"""The addresses of the office end. Everything is behind the log-in unless a view says otherwise."""

from __future__ import annotations

from django.urls import path

from chengxin.ends.office.views import batches, desk, session, upload

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("log-in/", session.log_in, name="log_in"),
    path("log-out/", session.log_out, name="log_out"),
    path("language/", session.choose_language, name="language"),
    path("healthz", session.healthz, name="healthz"),
    path("upload/", upload.upload, name="upload"),
    path("upload/template/<slug:item>.xlsx", upload.empty_file, name="empty_file"),
    path("batches/", batches.batch_list, name="batches"),
    path("batches/<int:batch_id>/", batches.batch, name="batch"),
    path("batches/<int:batch_id>/progress/", batches.progress, name="progress"),
    path("batches/<int:batch_id>/returned.<str:form>", batches.returned, name="returned"),
    path("punctuality/", desk.punctuality_page, name="punctuality"),
]

handler400 = "chengxin.ends.office.views.errors.bad_request"
handler403 = "chengxin.ends.office.views.errors.forbidden"
handler404 = "chengxin.ends.office.views.errors.not_found"
handler500 = "chengxin.ends.office.views.errors.failed"
