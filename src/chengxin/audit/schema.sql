-- What turns events into evidence: leaves, nodes, checkpoints, and texts that the law may want erased.

-- A volatile default gives every event that exists a salt of its own; the table is written anew once for that.
-- 122 bits of each UUID are random, so two of them hashed give 128 full bits.
ALTER TABLE audit_event ADD COLUMN salt bytea NOT NULL
    DEFAULT substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) FOR 16)
    CHECK (length(salt) = 16);
ALTER TABLE audit_event ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX audit_event_xid ON audit_event (xid, id);

-- The position of an event in the tree, given once and not by the event's number: numbers of transactions that commit
-- late would leave gaps.
CREATE TABLE audit_leaf (
    position bigint PRIMARY KEY CHECK (position >= 0),
    event_id bigint NOT NULL UNIQUE,
    hash bytea NOT NULL CHECK (length(hash) = 32)
);

-- Roots of whole subtrees of 256^level leaves.
CREATE TABLE audit_node (
    level smallint NOT NULL CHECK (level > 0),
    number bigint NOT NULL CHECK (number >= 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, number)
);

CREATE TABLE audit_checkpoint (
    number bigint PRIMARY KEY CHECK (number > 0),
    size bigint NOT NULL,
    at timestamptz NOT NULL,
    note text NOT NULL
);

CREATE TABLE audit_witnessing (
    number bigint NOT NULL REFERENCES audit_checkpoint,
    witness text NOT NULL,
    at timestamptz NOT NULL,
    answer text NOT NULL,
    PRIMARY KEY (number, witness)
);

-- One row: how far the tree is. The only one of these tables that changes, and no evidence itself.
CREATE TABLE audit_tree (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    origin text NOT NULL,
    hash text NOT NULL,
    size bigint NOT NULL DEFAULT 0,
    checkpoint bigint NOT NULL DEFAULT 0,
    horizon xid8 NOT NULL DEFAULT '0',
    seen_at timestamptz,
    covered_at timestamptz
);

CREATE TABLE audit_personal (
    event_id bigint PRIMARY KEY,
    salt bytea NOT NULL CHECK (length(salt) = 16),
    content text NOT NULL
);

CREATE TRIGGER leaves_are_append_only BEFORE UPDATE OR DELETE ON audit_leaf
    FOR EACH ROW EXECUTE FUNCTION core.refuse_audit_change();
CREATE TRIGGER leaves_are_not_emptied BEFORE TRUNCATE ON audit_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_audit_change();
CREATE TRIGGER nodes_are_append_only BEFORE UPDATE OR DELETE ON audit_node
    FOR EACH ROW EXECUTE FUNCTION core.refuse_audit_change();
CREATE TRIGGER nodes_are_not_emptied BEFORE TRUNCATE ON audit_node
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_audit_change();
CREATE TRIGGER checkpoints_are_append_only BEFORE UPDATE OR DELETE ON audit_checkpoint
    FOR EACH ROW EXECUTE FUNCTION core.refuse_audit_change();
CREATE TRIGGER checkpoints_are_not_emptied BEFORE TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_audit_change();
CREATE TRIGGER witnessings_are_append_only BEFORE UPDATE OR DELETE ON audit_witnessing
    FOR EACH ROW EXECUTE FUNCTION core.refuse_audit_change();
CREATE TRIGGER witnessings_are_not_emptied BEFORE TRUNCATE ON audit_witnessing
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_audit_change();
CREATE TRIGGER tree_is_not_emptied BEFORE TRUNCATE ON audit_tree
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_audit_change();
CREATE TRIGGER texts_are_not_emptied BEFORE TRUNCATE ON audit_personal
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_audit_change();

-- A text goes only together with the event that says who erased it and by what law.
CREATE FUNCTION core.refuse_silent_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM core.audit_event
        WHERE xid = pg_current_xact_id() AND action = 'audit.text_erased' AND object_kind = 'event'
            AND object = OLD.event_id::text AND legal_basis <> ''
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'a text of an audit event is erased with an event that names the law, and never changed'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER texts_are_erased_by_law BEFORE UPDATE OR DELETE ON audit_personal
    FOR EACH ROW EXECUTE FUNCTION core.refuse_silent_erasure();

-- Adds an event and its erasable text, and says since when evidence is known to be kept. Its plan stays prepared from one
-- event to the next; that and one message less make it half as dear as an INSERT from outside. The caller's time limits
-- hold again when it returns: waiting for a lock ends after ``limit_ms``, and what was set before this statement for the
-- whole of it (see chengxin.audit.actions) is put back. Rights and policies are those of who calls.
CREATE FUNCTION core.add_audit_event(
    limit_ms text, at timestamptz, actor_kind text, actor text, organisation text, action text, object_kind text,
    object text, detail jsonb, purpose text, case_number text, legal_basis text, channel text, subject_id bigint,
    personal_digest text, text_salt bytea, text_content text, OUT event_id bigint, OUT covered_at timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    lock_before text := current_setting('lock_timeout');
    ignored text;
BEGIN
    ignored := set_config('lock_timeout', limit_ms, true);
    INSERT INTO core.audit_event (at, actor_kind, actor, organisation, action, object_kind, object, detail, purpose,
        case_number, legal_basis, channel, subject_id, personal_digest)
    VALUES (add_audit_event.at, add_audit_event.actor_kind, add_audit_event.actor, add_audit_event.organisation,
        add_audit_event.action, add_audit_event.object_kind, add_audit_event.object, add_audit_event.detail,
        add_audit_event.purpose, add_audit_event.case_number, add_audit_event.legal_basis, add_audit_event.channel,
        add_audit_event.subject_id, add_audit_event.personal_digest)
    RETURNING id INTO event_id;
    IF text_content IS NOT NULL THEN
        INSERT INTO core.audit_personal (event_id, salt, content) VALUES (add_audit_event.event_id, text_salt, text_content);
    END IF;
    covered_at := (SELECT t.covered_at FROM core.audit_tree t);
    ignored := set_config('lock_timeout', lock_before, true);
    ignored := set_config('statement_timeout', current_setting('chengxin.statement_before'), true);
END $$;
