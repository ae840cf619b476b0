-- What a look-up asks for in this transaction: occupation and licence number, or occupation, name and employer. Without
-- a whole question no row is there, so no query of the office lists, counts or searches by a part.
CREATE OR REPLACE FUNCTION core.practitioner_asked() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('chengxin.practitioner', true), '');
ALTER TABLE practitioners_practitioner ENABLE ROW LEVEL SECURITY;
CREATE POLICY asked ON practitioners_practitioner FOR SELECT TO chengxin_office
    USING ((SELECT core.somebody_acts()) AND (SELECT core.practitioner_asked()) IN
        (occupation || E'\n' || licence, occupation || E'\n' || name_key || E'\n' || employer_uscc));
CREATE POLICY worker ON practitioners_practitioner TO chengxin_worker USING (true);
ALTER TABLE practitioners_person ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker ON practitioners_person TO chengxin_worker USING (true);
ALTER TABLE practitioners_sealedtext ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker ON practitioners_sealedtext TO chengxin_worker USING (true);
ALTER TABLE practitioners_takenfile ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker ON practitioners_takenfile TO chengxin_worker USING (true);
-- Everybody's own attempts.
ALTER TABLE practitioners_attempt ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON practitioners_attempt TO chengxin_office
    USING (actor = (SELECT core.acting_kind()) || ':' || (SELECT core.acting_name()));
CREATE POLICY worker ON practitioners_attempt TO chengxin_worker USING (true);
