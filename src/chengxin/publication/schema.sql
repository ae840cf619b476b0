-- What the public may read, and nothing else. A city can replicate this schema to the server in its internet zone.

CREATE FUNCTION publication.in_force(from_day date, until_day date, on_day date) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN from_day <= on_day AND (until_day IS NULL OR on_day <= until_day);
COMMENT ON FUNCTION publication.in_force IS
    'The one answer to "in force on this day?": both days included, no end = open. Page, API, check and report all call it.';

CREATE FUNCTION publication.bigrams(value text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN ARRAY(SELECT DISTINCT substr(value, place, 2) FROM generate_series(1, length(value) - 1) AS place);
COMMENT ON FUNCTION publication.bigrams IS
    'The pairs of neighbouring characters: Chinese words are mostly two characters long, too short for trigrams.';

CREATE TABLE publication.body (
    subject_id bigint PRIMARY KEY,
    uscc text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    shown_from date NOT NULL,
    shown_until date,
    content jsonb NOT NULL
);
CREATE INDEX body_uscc ON publication.body (uscc text_pattern_ops);

CREATE TABLE publication.body_name (
    subject_id bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    folded text NOT NULL,
    PRIMARY KEY (subject_id, kind, name)
);
CREATE INDEX body_name_folded ON publication.body_name (folded);
CREATE INDEX body_name_bigrams ON publication.body_name USING gin (publication.bigrams(folded));

CREATE TABLE publication.fact (
    record_id bigint PRIMARY KEY,
    subject_id bigint NOT NULL,
    item text NOT NULL,
    document_number text NOT NULL,
    decided_on date NOT NULL,
    issuer text NOT NULL,
    shown_from date NOT NULL,
    shown_until date,
    content jsonb NOT NULL
);
CREATE INDEX fact_subject ON publication.fact (subject_id, item);
CREATE INDEX fact_latest ON publication.fact (item, decided_on DESC, record_id DESC);
CREATE INDEX fact_document ON publication.fact (document_number);
CREATE INDEX fact_issuer ON publication.fact (issuer, item, decided_on DESC, record_id DESC);

CREATE TABLE publication.state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    bodies bigint NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE publication.state IS 'When the public store last changed, and how many bodies it shows.';

CREATE TABLE publication.monthly (
    item text NOT NULL,
    month date NOT NULL,
    facts bigint NOT NULL,
    PRIMARY KEY (item, month)
);
COMMENT ON TABLE publication.monthly IS 'Published facts by item and month of decision: totals of the city, never of a subject.';
