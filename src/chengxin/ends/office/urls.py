"""The addresses of the office end. Everything is behind the log-in unless a view says otherwise."""

from __future__ import annotations

from django.urls import path

from chengxin.ends.office.views import (
    account,
    approvals,
    batches,
    bodies,
    bodies_merge,
    desk,
    held,
    officers,
    outside,
    practitioners,
    review,
    second_step,
    session,
    upload,
)

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("log-in/", session.log_in, name="log_in"),
    path("log-in/second/", second_step.second_step, name="second_step"),
    path("log-in/passkey/", second_step.passkey_log_in, name="passkey_log_in"),
    path("log-in/outside/", outside.leave, name="outside_leave"),
    path("log-in/outside/back/", outside.come_back, name="outside_back"),
    path("log-out/", session.log_out, name="log_out"),
    path("language/", session.choose_language, name="language"),
    path("healthz", session.healthz, name="healthz"),
    path("upload/", upload.upload, name="upload"),
    path("upload/template/<slug:item>.xlsx", upload.empty_file, name="empty_file"),
    path("batches/", batches.batch_list, name="batches"),
    path("batches/held/", held.held, name="held"),
    path("batches/<int:batch_id>/held/", held.decide, name="held_decide"),
    path("batches/<int:batch_id>/", batches.batch, name="batch"),
    path("batches/<int:batch_id>/progress/", batches.progress, name="progress"),
    path("batches/<int:batch_id>/returned.<str:form>", batches.returned, name="returned"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/totp/", account.add_totp, name="add_totp"),
    path("account/passkey/", account.add_passkey, name="add_passkey"),
    path("account/recovery-codes/", account.recovery_codes, name="recovery_codes"),
    path("account/factors/<int:factor_id>/remove/", account.remove, name="remove_factor"),
    path("account/sessions/end/", account.end_sessions, name="end_sessions"),
    path("officers/", officers.officers, name="officers"),
    path("officers/new/", officers.new_officer, name="new_officer"),
    path("officers/of/<str:username>/", officers.officer, name="officer"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/<int:approval_id>/", approvals.approval, name="approval"),
    path("approvals/<int:approval_id>/carry-out/", approvals.carry_out, name="carry_out"),
    path("links/", review.queue, name="links"),
    path("links/more/", review.more, name="links_more"),
    path("links/<int:proposal_id>/", review.one, name="link"),
    path("links/<int:proposal_id>/decide/", review.decide, name="link_decide"),
    path("links/decisions/<int:decision_id>/undo/", review.undo, name="link_undo"),
    path("bodies/", bodies.find, name="bodies"),
    path("bodies/changes/", bodies_merge.change_list, name="body_changes"),
    path("bodies/changes/merge/", bodies_merge.merge, name="body_merge"),
    path("bodies/changes/split/", bodies_merge.split, name="body_split"),
    path("bodies/changes/reissue/", bodies_merge.reissue, name="body_reissue"),
    path("bodies/changes/<int:change_id>/", bodies_merge.change, name="body_change"),
    path("bodies/changes/<int:change_id>/decide/", bodies_merge.decide_change, name="body_change_decide"),
    path("bodies/changes/<int:change_id>/carry-out/", bodies_merge.carry_out_change, name="body_change_carry_out"),
    path("bodies/changes/<int:change_id>/undo/", bodies_merge.undo_change, name="body_change_undo"),
    path("bodies/<str:code>/history/", bodies_merge.history, name="body_history"),
    path("bodies/<str:code>/", bodies.body, name="body"),
    path("practitioners/", practitioners.look_up, name="practitioners"),
    path("punctuality/", desk.punctuality_page, name="punctuality"),
]

handler400 = "chengxin.ends.office.views.errors.bad_request"
handler403 = "chengxin.ends.office.views.errors.forbidden"
handler404 = "chengxin.ends.office.views.errors.not_found"
handler500 = "chengxin.ends.office.views.errors.failed"
