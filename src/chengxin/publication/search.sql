CREATE INDEX body_name_keys ON publication.body_name USING gin (publication.name_keys(folded));

-- The planner cannot know how rare a name is and would read the whole table for a small LIMIT.
CREATE FUNCTION publication.names_with(keys text[], most integer)
    RETURNS TABLE (subject_id bigint, name text, kind text)
    LANGUAGE sql STABLE PARALLEL SAFE SET enable_seqscan = off
AS $body$
    SELECT n.subject_id, n.name, n.kind FROM publication.body_name n
    WHERE publication.name_keys(n.folded) @> keys LIMIT most
$body$;
COMMENT ON FUNCTION publication.names_with IS 'Published names that hold all of these keys, at most so many.';

-- Starting parallel workers takes 20 ms, and planned into a larger statement they start even where nothing is asked of them.
CREATE FUNCTION publication.names_holding(part text, pattern text)
    RETURNS TABLE (subject_id bigint, name text, kind text, folded text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1000 SET enable_seqscan = off SET max_parallel_workers_per_gather = 0
AS $body$
    SELECT n.subject_id, n.name, n.kind, n.folded FROM publication.body_name n
    WHERE publication.bigrams(n.folded) @> publication.bigrams(part) AND n.folded LIKE pattern
$body$;
COMMENT ON FUNCTION publication.names_holding IS 'Published names that hold a part, which the pattern (LIKE) describes.';
