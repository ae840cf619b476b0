-- An event is written in the name of who acts; a request whose sender is still to be found out may say whom it tried to be.
ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_name ON audit_event FOR INSERT TO chengxin_office, chengxin_api
    WITH CHECK (((SELECT core.acting_kind()) = 'arrival' AND object_kind IN ('officer', 'client'))
        OR (actor_kind = (SELECT core.acting_kind()) AND actor = (SELECT core.acting_name())));
-- RETURNING reads the row just written. Everybody's events are the auditor's alone: the policy is in the room of accounts,
-- which knows the duties.
CREATE POLICY own ON audit_event FOR SELECT TO chengxin_office, chengxin_api
    USING ((actor_kind = (SELECT core.acting_kind()) AND actor = (SELECT core.acting_name()))
        OR ((SELECT core.acting_kind()) = 'arrival' AND object_kind IN ('officer', 'client')));
-- Who looked at a subject is that subject's to see, whichever organisation looked; the grants leave the officer out.
CREATE POLICY subjects_own ON audit_event FOR SELECT TO chengxin_office
    USING ((SELECT core.somebody_acts()) AND subject_id = (SELECT core.acting_for_subject()));
CREATE POLICY worker ON audit_event TO chengxin_worker USING (true);

-- A text goes with an event of one's own, and comes back for nobody but the auditor.
ALTER TABLE audit_personal ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_event ON audit_personal FOR INSERT TO chengxin_office, chengxin_api
    WITH CHECK (EXISTS (SELECT FROM audit_event e WHERE e.id = event_id));
CREATE POLICY worker ON audit_personal TO chengxin_worker USING (true);
