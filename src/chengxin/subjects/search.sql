-- Names are found by the keys that core.name_keys gives (kernel/names/search/name_keys.sql).
CREATE INDEX subjects_name_keys ON subjects_name USING gin (core.name_keys(folded));

-- The planner cannot know how rare a name is and would read the whole table for a small LIMIT.
CREATE FUNCTION core.names_with(keys text[], most integer)
    RETURNS TABLE (id bigint, subject_id bigint, name text, kind text)
    LANGUAGE sql STABLE PARALLEL SAFE SET enable_seqscan = off
AS $body$
    SELECT n.id, n.subject_id, n.name, n.kind FROM subjects_name n WHERE core.name_keys(n.folded) @> keys LIMIT most
$body$;
COMMENT ON FUNCTION core.names_with IS 'Names that hold all of these keys, at most so many; row security of the caller applies.';
