-- Adds an event and its erasable text and returns the event's number, or refuses it with CX001 where no witness has had a
-- checkpoint since ``not_before`` (null: whoever acts is not refused). Its plan stays prepared from one event to the next.
-- The caller's time limits hold again when it returns: waiting for a lock ends after ``limit_ms``, and what was set before
-- this statement for the whole of it (see chengxin.audit.actions) is put back. Rights and policies are those of who calls.
-- One plain result and a salt that comes with the event make it a fifth cheaper than core.add_audit_event, which stays for
-- processes of the version before. The table's own default for salts opens the system's source of randomness twice.
CREATE FUNCTION core.witness_event(
    limit_ms text, not_before timestamptz, salt bytea, at timestamptz, actor_kind text, actor text, organisation text,
    action text, object_kind text, object text, detail jsonb, purpose text, case_number text, legal_basis text,
    channel text, subject_id bigint, personal_digest text, text_salt bytea, text_content text
) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    lock_before text := current_setting('lock_timeout');
    number bigint;
BEGIN
    PERFORM set_config('lock_timeout', limit_ms, true);
    IF (SELECT t.covered_at < not_before FROM core.audit_tree t) THEN
        RAISE EXCEPTION 'no witness has had a checkpoint for too long' USING ERRCODE = 'CX001';
    END IF;
    INSERT INTO core.audit_event AS e (at, actor_kind, actor, organisation, action, object_kind, object, detail, purpose,
        case_number, legal_basis, channel, subject_id, personal_digest, salt)
    VALUES (at, actor_kind, actor, organisation, action, object_kind, object, detail, purpose,
        case_number, legal_basis, channel, subject_id, personal_digest, salt)
    RETURNING e.id INTO number;
    IF text_content IS NOT NULL THEN
        INSERT INTO core.audit_personal (event_id, salt, content) VALUES (number, text_salt, text_content);
    END IF;
    PERFORM set_config('lock_timeout', lock_before, true);
    PERFORM set_config('statement_timeout', current_setting('chengxin.statement_before'), true);
    RETURN number;
END $$;
