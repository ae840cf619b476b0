GRANT SELECT ON accounts_organisation TO chengxin_worker, chengxin_office, chengxin_api;
GRANT SELECT ON accounts_apiclient TO chengxin_worker, chengxin_office, chengxin_api;
-- Organisations come from the city's file; the office end closes one, and opens it again with an approval: a trigger.
GRANT UPDATE (is_active) ON accounts_organisation TO chengxin_office;
-- Passwords are compared in the office end alone: nobody else reads them.
GRANT SELECT (id, username, name, organisation_id, roles, is_active) ON accounts_officer TO chengxin_worker, chengxin_api;
-- Officers are made, closed and given duties in the office end; none is deleted, renamed or moved there. What gives power
-- needs an approval used in the same transaction: triggers see to it.
GRANT SELECT, INSERT, UPDATE (password, last_login, roles, is_active, must_change_password, password_changed_at,
    session_epoch) ON accounts_officer TO chengxin_office;
GRANT USAGE ON SEQUENCE accounts_officer_id_seq TO chengxin_office;
GRANT SELECT, INSERT, UPDATE, DELETE ON accounts_secondfactor TO chengxin_office;
GRANT SELECT, INSERT, DELETE ON accounts_outsideidentity TO chengxin_office;
-- An approval is asked for, decided and used; what was asked is never changed afterwards. The worker uses approvals.
GRANT SELECT ON accounts_approval TO chengxin_office, chengxin_worker;
GRANT INSERT, UPDATE (agreed, decided_by, decided_at, decision_reason, used_by, used_at) ON accounts_approval
    TO chengxin_office;
GRANT UPDATE (used_by, used_at) ON accounts_approval TO chengxin_worker;
GRANT USAGE ON SEQUENCE accounts_secondfactor_id_seq, accounts_outsideidentity_id_seq, accounts_approval_id_seq
    TO chengxin_office;
-- The API finds out who asks, counts, and remembers the numbers used once; the office end makes clients.
GRANT SELECT ON accounts_clientgrant, accounts_clientkey TO chengxin_worker, chengxin_office, chengxin_api;
GRANT SELECT, INSERT, UPDATE ON accounts_clientuse TO chengxin_api;
GRANT SELECT ON accounts_clientuse TO chengxin_office;
GRANT SELECT, INSERT, UPDATE, DELETE ON accounts_clientnonce TO chengxin_api;
GRANT INSERT, UPDATE (revoked_at) ON accounts_apiclient, accounts_clientgrant, accounts_clientkey TO chengxin_office;
GRANT USAGE ON SEQUENCE accounts_apiclient_id_seq, accounts_clientgrant_id_seq, accounts_clientkey_id_seq TO chengxin_office;
