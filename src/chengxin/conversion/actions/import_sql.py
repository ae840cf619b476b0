"""The statements of ``ImportCodeMapping``, each over all staged pairs at once.

``staged_pair`` holds what sound lines say; ``bearer`` is the one body that bears the line's credit code, ``trouble``
what the pair contradicts, ``fresh`` whether it says something new.
"""

from __future__ import annotations

STAGE = """
CREATE TEMP TABLE staged_pair (line integer, uscc text, kind text, value text, name text, bearer bigint,
    trouble text NOT NULL DEFAULT '', fresh boolean NOT NULL DEFAULT false) ON COMMIT DROP
"""

CLASSIFY = """
CREATE INDEX ON staged_pair (kind, value);
CREATE INDEX ON staged_pair (uscc);
ANALYZE staged_pair;
UPDATE staged_pair p SET bearer = found.subject_id FROM (
    SELECT i.value, min(i.subject_id) AS subject_id FROM subjects_identifier i
    WHERE i.kind = 'uscc' AND i.value IN (SELECT uscc FROM staged_pair) GROUP BY i.value
    HAVING count(DISTINCT i.subject_id) = 1) AS found
WHERE found.value = p.uscc;
-- The organisation code inside a credit code is for life (GB 32100): another one beside it cannot be right.
UPDATE staged_pair SET trouble = 'segment_differs' WHERE kind = 'organisation_code' AND value <> substr(uscc, 9, 9);
UPDATE staged_pair p SET trouble = 'refused' WHERE EXISTS (SELECT 1 FROM subjects_refusedcode f
        WHERE f.subject_id = p.bearer AND f.kind = p.kind AND f.value = p.value)
    OR EXISTS (SELECT 1 FROM conversion_pair o WHERE o.kind = p.kind AND o.value = p.value AND o.uscc = p.uscc
        AND o.refused_at IS NOT NULL);
UPDATE staged_pair p SET trouble = 'two_bodies' WHERE trouble = '' AND (
    (SELECT count(DISTINCT i.subject_id) FROM subjects_identifier i WHERE i.kind = 'uscc' AND i.value = p.uscc) > 1
    OR EXISTS (SELECT 1 FROM subjects_identifier i
        WHERE i.kind = p.kind AND i.value = p.value AND i.subject_id IS DISTINCT FROM p.bearer)
    OR EXISTS (SELECT 1 FROM staged_pair o WHERE o.kind = p.kind AND o.value = p.value AND o.uscc <> p.uscc
        AND (o.bearer IS NULL OR o.bearer IS DISTINCT FROM p.bearer))
    OR EXISTS (SELECT 1 FROM conversion_pair o
        WHERE o.kind = p.kind AND o.value = p.value AND o.uscc <> p.uscc AND o.refused_at IS NULL
        AND (p.bearer IS NULL OR NOT EXISTS (SELECT 1 FROM subjects_identifier i
            WHERE i.kind = 'uscc' AND i.value = o.uscc AND i.subject_id = p.bearer))));
UPDATE staged_pair p SET trouble = 'two_codes'
WHERE trouble = '' AND kind <> 'organisation_code' AND kind = ANY(%(one_code)s::text[]) AND bearer IS NOT NULL
    AND (EXISTS (SELECT 1 FROM subjects_identifier i WHERE i.subject_id = p.bearer AND i.kind = p.kind
            AND i.value <> p.value AND i.ended_at IS NULL AND i.came_from_id IS NULL)
        OR EXISTS (SELECT 1 FROM staged_pair o
            WHERE o.bearer = p.bearer AND o.kind = p.kind AND o.value <> p.value))
    AND NOT EXISTS (SELECT 1 FROM subjects_identifier i
        WHERE i.subject_id = p.bearer AND i.kind = p.kind AND i.value = p.value);
UPDATE staged_pair p SET fresh = NOT EXISTS (SELECT 1 FROM conversion_pair o
        WHERE o.kind = p.kind AND o.value = p.value AND o.uscc = p.uscc)
    AND NOT EXISTS (SELECT 1 FROM subjects_identifier i
        WHERE i.subject_id = p.bearer AND i.kind = p.kind AND i.value = p.value)
    AND p.line = (SELECT min(o.line) FROM staged_pair o
        WHERE o.kind = p.kind AND o.value = p.value AND o.uscc = p.uscc);
"""

COUNT = """
SELECT count(*) FILTER (WHERE NOT troubled AND fresh), count(*) FILTER (WHERE NOT troubled AND NOT fresh),
    count(*) FILTER (WHERE troubled)
FROM (SELECT line, bool_or(trouble <> '') AS troubled, bool_or(fresh) AS fresh FROM staged_pair GROUP BY line) AS lines
"""

KEEP = """
INSERT INTO conversion_pair (uscc, kind, value, name, source, feed_id, line, first_seen_at)
SELECT DISTINCT ON (kind, value, uscc) uscc, kind, value, name, %(source)s, %(feed)s, line, %(now)s
FROM staged_pair ORDER BY kind, value, uscc, line
ON CONFLICT (kind, value, uscc) DO NOTHING
"""
"""What contradicts is kept as well: it is the evidence of the conflict, and makes the code's answer ambiguous."""

OFFER = """
CREATE TEMP TABLE offered_code ON COMMIT DROP AS
SELECT DISTINCT uscc, kind, value FROM staged_pair
WHERE trouble = '' AND bearer IS NOT NULL AND line NOT IN (SELECT line FROM staged_pair WHERE trouble <> '')
"""
"""A line that contradicts in one code is believed in none."""
