-- A request for correction is read and answered by the registrar it was sent to, and by duties that cover everything.
ALTER TABLE conversion_request ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON conversion_request TO chengxin_office
    USING ((SELECT core.acts_everywhere()) OR organisation_id = (SELECT core.own_organisation()));
CREATE POLICY worker ON conversion_request TO chengxin_worker USING (true);
