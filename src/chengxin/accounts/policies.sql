-- A client, its grants and its keys are its organisation's. The API looks them up to find out who asks.
ALTER TABLE accounts_apiclient ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON accounts_apiclient TO chengxin_office, chengxin_api
    USING ((SELECT core.acts_everywhere()) OR organisation_id = (SELECT core.own_organisation()));
CREATE POLICY arrival ON accounts_apiclient FOR SELECT TO chengxin_api USING ((SELECT core.acting_kind()) = 'arrival');
CREATE POLICY worker ON accounts_apiclient TO chengxin_worker USING (true);

-- With the client: its own policy applies inside.
ALTER TABLE accounts_clientgrant ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON accounts_clientgrant TO chengxin_office, chengxin_api
    USING (EXISTS (SELECT 1 FROM accounts_apiclient c WHERE c.id = client_id));
CREATE POLICY worker ON accounts_clientgrant TO chengxin_worker USING (true);
ALTER TABLE accounts_clientkey ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON accounts_clientkey TO chengxin_office, chengxin_api
    USING (EXISTS (SELECT 1 FROM accounts_apiclient c WHERE c.id = client_id));
CREATE POLICY worker ON accounts_clientkey TO chengxin_worker USING (true);

-- What one organisation asks of a second officer is decided in it, or by duties that cover every organisation.
ALTER TABLE accounts_approval ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON accounts_approval TO chengxin_office
    USING ((SELECT core.acts_everywhere()) OR asked_for = (SELECT o.code FROM accounts_organisation o
        WHERE o.id = (SELECT core.own_organisation())));
CREATE POLICY worker ON accounts_approval TO chengxin_worker USING (true);

-- The whole audit trail is for officers who hold the duty of auditor now: it is looked up with every statement, so no page
-- can forget to ask and no session outlives the duty.
CREATE OR REPLACE FUNCTION core.auditor_acts() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN core.acting_kind() = 'officer' AND EXISTS (SELECT FROM accounts_officer o
        WHERE o.username = core.acting_name() AND o.is_active AND o.roles @> ARRAY['auditor']);
CREATE POLICY auditor ON audit_event FOR SELECT TO chengxin_office USING ((SELECT core.auditor_acts()));
-- The text beside one event, named by the transaction: never a list of them.
CREATE OR REPLACE FUNCTION core.audit_text_asked() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('chengxin.audit_text', true), '')::bigint;
CREATE POLICY auditor ON audit_personal FOR SELECT TO chengxin_office
    USING ((SELECT core.auditor_acts()) AND event_id = (SELECT core.audit_text_asked()));
