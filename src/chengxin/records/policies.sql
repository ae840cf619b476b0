-- A fact is read in the office by the organisation that handed it in and by duties that cover every organisation.
ALTER TABLE records_record ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON records_record FOR SELECT TO chengxin_office
    USING ((SELECT core.acts_everywhere()) OR organisation_id = (SELECT core.own_organisation()));
-- A check answers from every organisation's facts, for whoever was granted it: so the API reads them once it knows who asks.
CREATE POLICY known ON records_record FOR SELECT TO chengxin_api USING ((SELECT core.somebody_acts()));
-- The worker brings in every organisation's files, ties and publishes. Rows are added and never changed (a trigger).
CREATE POLICY worker ON records_record TO chengxin_worker USING (true);
-- What may be tied to a body is proposed for the organisation that handed it in.
ALTER TABLE records_linkproposal ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON records_linkproposal TO chengxin_office
    USING ((SELECT core.acts_everywhere()) OR organisation_id = (SELECT core.own_organisation()));
CREATE POLICY worker ON records_linkproposal TO chengxin_worker USING (true);
-- With its proposal, and with its decision: their own policies apply inside.
ALTER TABLE records_linkdecision ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON records_linkdecision TO chengxin_office
    USING (EXISTS (SELECT 1 FROM records_linkproposal p WHERE p.id = proposal_id));
CREATE POLICY worker ON records_linkdecision TO chengxin_worker USING (true);
ALTER TABLE records_linkeffect ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON records_linkeffect FOR SELECT TO chengxin_office
    USING (EXISTS (SELECT 1 FROM records_linkdecision d WHERE d.id = decision_id));
CREATE POLICY worker ON records_linkeffect TO chengxin_worker USING (true);
