-- A batch, what was sent back of it and how punctual it was are its organisation's.
ALTER TABLE intake_batch ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON intake_batch TO chengxin_office, chengxin_api
    USING ((SELECT core.acts_everywhere()) OR organisation_id = (SELECT core.own_organisation()));
CREATE POLICY worker ON intake_batch TO chengxin_worker USING (true);

-- Seen with its batch: the batch's own policy applies inside.
ALTER TABLE intake_quarantinedrow ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON intake_quarantinedrow FOR SELECT TO chengxin_office, chengxin_api
    USING ((SELECT core.acts_everywhere()) OR EXISTS (SELECT 1 FROM intake_batch b WHERE b.id = batch_id));
CREATE POLICY worker ON intake_quarantinedrow TO chengxin_worker USING (true);

ALTER TABLE intake_timeliness ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON intake_timeliness FOR SELECT TO chengxin_office, chengxin_api
    USING ((SELECT core.acts_everywhere()) OR EXISTS (SELECT 1 FROM intake_batch b WHERE b.id = batch_id));
CREATE POLICY worker ON intake_timeliness TO chengxin_worker USING (true);
-- A decision is seen with its batch. Who decides is another person than who handed the batch in: the database says so too.
ALTER TABLE intake_holddecision ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON intake_holddecision FOR SELECT TO chengxin_office, chengxin_api
    USING ((SELECT core.acts_everywhere()) OR EXISTS (SELECT 1 FROM intake_batch b WHERE b.id = batch_id));
CREATE POLICY second_person ON intake_holddecision FOR INSERT TO chengxin_office
    WITH CHECK (decided_by_kind = 'officer' AND decided_by = (SELECT core.acting_name()) AND EXISTS (
        SELECT 1 FROM intake_batch b WHERE b.id = batch_id AND b.state = 'held' AND b.submitted_by <> decided_by));
CREATE POLICY worker ON intake_holddecision TO chengxin_worker USING (true);
