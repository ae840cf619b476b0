"""The statements of ``FindConflicts``: each finds one kind of conflict over all codes at once.

``bearing`` is who bears which older code, by the register and by feeds: ``party`` names the body, or the credit code
of a body that the register does not know. ``past``: replaced, or come with a body that was merged.
"""

from __future__ import annotations

BEARING = """
CREATE TEMP TABLE bearing ON COMMIT DROP AS
SELECT i.kind, i.value, i.subject_id, 's' || i.subject_id AS party, 'register' AS source, '' AS uscc,
    i.ended_at IS NOT NULL OR i.came_from_id IS NOT NULL AS past FROM subjects_identifier i
UNION ALL
SELECT p.kind, p.value, b.subject_id, coalesce('s' || b.subject_id, 'u' || p.uscc), p.source, p.uscc, false
FROM conversion_pair p LEFT JOIN (
    SELECT value, min(subject_id) AS subject_id FROM subjects_identifier WHERE kind = 'uscc' GROUP BY value
    HAVING count(DISTINCT subject_id) = 1) AS b ON b.value = p.uscc
WHERE p.refused_at IS NULL;
ANALYZE bearing;
CREATE TEMP TABLE found (kind text, code_kind text, value text, party text, members jsonb) ON COMMIT DROP;
"""

_MEMBERS = """jsonb_agg(DISTINCT jsonb_build_object('party', b.party, 'subject_id', b.subject_id,
    'uscc', coalesce(nullif(s.uscc, ''), b.uscc), 'name', coalesce(s.name, ''), 'registrar', coalesce(s.registrar, ''),
    'code', b.value, 'source', b.source))"""

TWO_BODIES = f"""
INSERT INTO found SELECT 'two_bodies', b.kind, b.value, '', {_MEMBERS}
FROM bearing b JOIN (
    SELECT kind, value FROM bearing WHERE kind = ANY(%(one_body)s::text[])
    GROUP BY kind, value HAVING min(party) <> max(party)) AS twice USING (kind, value)
LEFT JOIN subjects_subject s ON s.id = b.subject_id GROUP BY b.kind, b.value
"""
"""One code at two bodies (一码两主体)."""

_STANDING = """NOT b.past AND NOT (b.kind = 'organisation_code' AND EXISTS (SELECT 1 FROM subjects_identifier i
        WHERE i.subject_id = b.subject_id AND i.kind = 'uscc' AND substr(i.value, 9, 9) = b.value))"""
"""Codes of today, without organisation codes that a credit code of the body, replaced ones too, explains."""

TWO_CODES = f"""
INSERT INTO found SELECT 'two_codes', b.kind, '', b.party, {_MEMBERS}
FROM bearing b JOIN (
    SELECT b.subject_id, b.kind FROM bearing b JOIN subjects_subject s ON s.id = b.subject_id
    WHERE b.kind = ANY(%(one_code)s::text[]) AND {_STANDING} AND (b.kind <> 'organisation_code' OR s.uscc = '')
    GROUP BY b.subject_id, b.kind HAVING min(b.value) <> max(b.value)) AS twice USING (subject_id, kind)
JOIN subjects_subject s ON s.id = b.subject_id WHERE {_STANDING} GROUP BY b.kind, b.party
"""
"""Two codes of one kind at one body (一主体两码); with a credit code, organisation codes are compared with that."""

SEGMENT = f"""
INSERT INTO found SELECT 'segment_differs', b.kind, b.value, b.party, {_MEMBERS}
FROM bearing b LEFT JOIN subjects_subject s ON s.id = b.subject_id
WHERE b.kind = 'organisation_code' AND {_STANDING}
    AND CASE WHEN b.source = 'register' THEN s.uscc ELSE b.uscc END ~ '^.{{18}}$'
    AND b.value <> substr(CASE WHEN b.source = 'register' THEN s.uscc ELSE b.uscc END, 9, 9)
GROUP BY b.kind, b.value, b.party
"""
"""An organisation code that is not the one inside the credit code (GB 32100: characters 9 to 17)."""

WRONG_CHECK = f"""
INSERT INTO found SELECT 'wrong_check', b.kind, b.value, b.party, {_MEMBERS}
FROM bearing b JOIN wrong_code w USING (kind, value) JOIN subjects_subject s ON s.id = b.subject_id
WHERE b.source = 'register' AND NOT b.past
    -- With a wrong credit code its organisation code fails as well: that is one mistake.
    AND NOT (b.kind = 'organisation_code' AND s.uscc <> '' AND substr(s.uscc, 9, 9) = b.value)
GROUP BY b.kind, b.value, b.party
"""
"""A code on file that fails its own standard (错码)."""

KEEP = """
WITH fresh AS (
    SELECT concat_ws('|', kind, code_kind, value, party) AS key, kind, code_kind, value,
        ARRAY(SELECT DISTINCT (m ->> 'subject_id')::bigint FROM jsonb_array_elements(members) m
            WHERE m ->> 'subject_id' IS NOT NULL ORDER BY 1) AS subjects,
        coalesce((SELECT min(m ->> 'registrar') FROM jsonb_array_elements(members) m
            WHERE m ->> 'registrar' <> ''), '') AS registrar,
        members, md5((SELECT string_agg(concat_ws('|', m ->> 'party', m ->> 'code'), ';'
            ORDER BY m ->> 'party', m ->> 'code') FROM jsonb_array_elements(members) m)) AS digest
    FROM found
), kept AS (
    INSERT INTO conversion_conflict AS c (key, kind, code_kind, value, subjects, registrar, evidence, digest, state,
        how, found_at, seen_at, returned)
    SELECT key, kind, code_kind, value, subjects, registrar, members, digest, 'open', '', %(now)s, %(now)s, 0
    FROM fresh
    ON CONFLICT (key) DO UPDATE SET seen_at = excluded.seen_at, subjects = excluded.subjects,
        registrar = excluded.registrar, evidence = excluded.evidence, digest = excluded.digest,
        state = CASE WHEN c.state = 'settled' AND (c.how = 'gone' OR c.digest <> excluded.digest) THEN 'open'
            ELSE c.state END,
        settled_at = CASE WHEN c.state = 'settled' AND (c.how = 'gone' OR c.digest <> excluded.digest) THEN NULL
            ELSE c.settled_at END,
        returned = c.returned + (c.state = 'settled' AND (c.how = 'gone' OR c.digest <> excluded.digest))::int,
        how = CASE WHEN c.state = 'settled' AND (c.how = 'gone' OR c.digest <> excluded.digest) THEN '' ELSE c.how END
    RETURNING c.id, c.found_at = %(now)s AND c.returned = 0 AS fresh
), gone AS (
    UPDATE conversion_conflict c SET state = 'settled', how = 'gone', settled_at = %(now)s
    WHERE (c.state <> 'settled' OR c.how <> 'gone') AND c.key NOT IN (SELECT key FROM fresh)
    RETURNING c.id
), lapsed AS (
    UPDATE conversion_request r SET state = 'lapsed' FROM gone WHERE r.conflict_id = gone.id AND r.state = 'open'
)
SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM kept WHERE fresh), (SELECT count(*) FROM gone)
"""
