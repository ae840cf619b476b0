-- The worker's role registers, changes and rotates. Persons and practitioners are never deleted by a process.
GRANT SELECT, INSERT, UPDATE ON practitioners_person, practitioners_practitioner TO chengxin_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON practitioners_sealedtext TO chengxin_worker;
GRANT SELECT, INSERT ON practitioners_takenfile TO chengxin_worker;
GRANT SELECT, INSERT, DELETE ON practitioners_attempt TO chengxin_worker;
-- The office looks one practitioner up: no sealed text, no person behind it, and by row security one answer at a time.
GRANT SELECT (id, organisation_id, occupation, licence, name, name_key, employer_uscc, state, valid_from, valid_until)
    ON practitioners_practitioner TO chengxin_office;
GRANT SELECT, INSERT ON practitioners_attempt TO chengxin_office;
