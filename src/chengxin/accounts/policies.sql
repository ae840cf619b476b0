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
