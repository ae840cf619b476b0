-- Older codes of bodies that are shown: what "old code, new code" answers from. Organisation codes are in it as the part
-- of a credit code that they are (GB 32100), tax numbers never.
CREATE TABLE publication.body_code (
    kind text NOT NULL CHECK (kind IN ('registration_number', 'organisation_code')),
    code text NOT NULL,
    subject_id bigint NOT NULL,
    since date NOT NULL,
    PRIMARY KEY (kind, code, subject_id)
);
CREATE INDEX body_code_subject ON publication.body_code (subject_id);
COMMENT ON TABLE publication.body_code IS 'An older code leads to its body; one that stands at two bodies leads nowhere.';
