-- What makes a fact that was changed behind the platform's back show: digests of every version of a fact, taken a minute
-- after it was written, themselves vouched for by an event of the audit trail (docs/decisions/sealed-facts.md).

-- 256 rows of a table in the order of their numbers: which they are, the digest over all of them, and eight bytes of each
-- row's own, by which a changed row is named.
CREATE TABLE records_sealpiece (
    sealed text NOT NULL,
    seal bigint NOT NULL CHECK (seal > 0),
    piece integer NOT NULL CHECK (piece > 0),
    high bigint NOT NULL,
    ids int8multirange NOT NULL CHECK (NOT isempty(ids)),
    rows integer NOT NULL CHECK (rows > 0),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    marks bytea NOT NULL CHECK (length(marks) = 8 * rows),
    PRIMARY KEY (sealed, seal, piece)
);
-- Digests do not compress; trying costs time.
ALTER TABLE records_sealpiece ALTER COLUMN marks SET STORAGE EXTERNAL;
CREATE INDEX sealpiece_high ON records_sealpiece (sealed, high);

-- How far the sealing of each table is: no evidence itself, and it changes. Every row up to number "settled" is sealed, and
-- none can join them any more. Up to "asked" none can, once the transactions that "waits" names have ended; "told" is what
-- the last event said of "settled". "sealed_at" is when nothing was left to seal.
CREATE TABLE records_sealing (
    sealed text PRIMARY KEY,
    seals bigint NOT NULL DEFAULT 0,
    rows bigint NOT NULL DEFAULT 0,
    settled bigint NOT NULL DEFAULT 0,
    told bigint NOT NULL DEFAULT 0,
    asked bigint,
    waits text[] NOT NULL DEFAULT '{}',
    sealed_at timestamptz
);

CREATE TRIGGER seals_are_immutable BEFORE UPDATE OR DELETE ON records_sealpiece
    FOR EACH ROW EXECUTE FUNCTION core.refuse_change();
CREATE TRIGGER seals_are_not_emptied BEFORE TRUNCATE ON records_sealpiece
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
