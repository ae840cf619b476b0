-- Credit codes that were replaced or whose body was merged into another: where they lead today.
CREATE TABLE publication.leads_on (
    code text PRIMARY KEY,
    subject_id bigint NOT NULL,
    cause text NOT NULL CHECK (cause IN ('replaced', 'merged')),
    since date NOT NULL
);
CREATE INDEX leads_on_subject ON publication.leads_on (subject_id);
COMMENT ON TABLE publication.leads_on IS 'An old credit code finds its body for ever; a code that stands at two bodies leads nowhere.';
