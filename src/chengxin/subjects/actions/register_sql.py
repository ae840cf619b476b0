"""The statements of ``RegisterBodies``, each over all staged bodies at once; see ``register.py`` for their order.

Temporary tables: ``staged_body`` (the file), ``staged_latest`` (the last line about each body), ``made_body`` (new
ones), ``changed_body``, ``superseded_body`` (lines that change nothing, with the rule), ``new_identifier``.
"""

from __future__ import annotations

FIND = """
UPDATE staged_body b SET subject_id = found.subject_id FROM (
    SELECT s.line, min(i.subject_id) AS subject_id FROM staged_body s JOIN subjects_identifier i
        ON (i.kind = 'uscc' AND i.value = s.uscc)
    GROUP BY s.line HAVING count(DISTINCT i.subject_id) = 1) AS found
WHERE found.line = b.line;
UPDATE staged_body b SET subject_id = found.subject_id FROM (
    SELECT s.line, min(i.subject_id) AS subject_id FROM staged_body s
        JOIN subjects_identifier i ON i.kind = 'organisation_code' AND i.value = s.organisation_code
        JOIN subjects_subject own ON own.id = i.subject_id AND (own.uscc = '' OR s.uscc = '')
    WHERE s.subject_id IS NULL AND s.organisation_code <> ''
    GROUP BY s.line HAVING count(DISTINCT i.subject_id) = 1) AS found
WHERE found.line = b.line;
UPDATE staged_body b SET subject_id = found.subject_id FROM (
    SELECT s.line, min(i.subject_id) AS subject_id FROM staged_body s
        JOIN subjects_identifier i ON i.kind = 'registration_number' AND i.value = s.registration_number
        JOIN subjects_subject own ON own.id = i.subject_id AND (own.uscc = '' OR s.uscc = '')
    WHERE s.subject_id IS NULL AND s.registration_number <> ''
    GROUP BY s.line HAVING count(DISTINCT i.subject_id) = 1) AS found
WHERE found.line = b.line;
"""
"""Recognise bodies: by credit code, else by organisation code, else by registration number."""

REISSUE = """
CREATE TEMP TABLE reissue ON COMMIT DROP AS
WITH RECURSIVE chain AS (
    SELECT line, uscc AS last, uscc AS new, former_uscc AS old, 1 AS step FROM staged_body
    WHERE uscc <> '' AND former_uscc NOT IN ('', uscc)
    UNION ALL
    SELECT c.line, c.last, b.uscc, b.former_uscc, c.step + 1 FROM chain c
        JOIN (SELECT DISTINCT uscc, former_uscc FROM staged_body) b ON b.uscc = c.old
        AND b.former_uscc NOT IN ('', b.uscc) WHERE c.step < 10 AND c.old <> c.last)
SELECT DISTINCT * FROM chain;
CREATE TEMP TABLE reissue_bearer ON COMMIT DROP AS
SELECT r.line, min(i.subject_id) AS subject_id, count(DISTINCT i.subject_id) AS bearers,
    bool_or(i.value = r.last) AS known FROM (
        SELECT line, last, old AS code FROM reissue UNION SELECT line, last, last FROM reissue) AS r
    JOIN subjects_identifier i ON i.kind = 'uscc' AND i.value = r.code GROUP BY r.line;
INSERT INTO superseded_body SELECT DISTINCT line, 'reissue_contradicted' FROM (
    -- The codes stand at two bodies: whether these are one is for people to decide, by a merge.
    SELECT line FROM reissue_bearer WHERE bearers > 1
    -- A code replaces itself in a circle.
    UNION SELECT line FROM reissue WHERE old = last
    -- One code replaced by two, or two by one: that is a division or a merger, not the same body.
    UNION SELECT line FROM reissue WHERE old IN (SELECT old FROM reissue GROUP BY old HAVING count(DISTINCT new) > 1)
    UNION SELECT line FROM reissue WHERE new IN (SELECT new FROM reissue GROUP BY new HAVING count(DISTINCT old) > 1)
    -- On file the old code was replaced by another one.
    UNION SELECT r.line FROM reissue r JOIN reissue_bearer k USING (line)
        JOIN subjects_identifier i ON i.kind = 'uscc' AND i.value = r.old AND i.subject_id = k.subject_id
        WHERE i.ended_at IS NOT NULL AND i.replaced_by <> r.new AND NOT k.known) AS contradicted;
-- A statement that another one in the same file carries on is history: it helps the chain and registers nothing.
INSERT INTO superseded_body SELECT DISTINCT b.line, 'code_replaced' FROM staged_body b
    JOIN reissue r ON r.old = b.uscc WHERE r.line NOT IN (SELECT line FROM superseded_body)
    AND b.line NOT IN (SELECT line FROM superseded_body);
DELETE FROM reissue WHERE line IN (SELECT line FROM superseded_body);
UPDATE staged_body b SET subject_id = k.subject_id FROM reissue_bearer k
WHERE k.line = b.line AND EXISTS (SELECT 1 FROM reissue r WHERE r.line = b.line);
UPDATE staged_body SET subject_id = NULL WHERE line IN (SELECT line FROM superseded_body);
"""
"""Follow re-issued codes by what the lines state, back to the body that bears one of the chain; refuse contradictions.

``reissue`` is left with (line, last, new, old): on that line, ``new`` replaces ``old`` on the way to ``last``.
"""

SUPERSEDED = """
INSERT INTO superseded_body SELECT b.line, 'code_replaced' FROM subjects_identifier i
    JOIN staged_body b ON b.uscc = i.value AND b.subject_id = i.subject_id
    WHERE i.kind = 'uscc' AND i.ended_at IS NOT NULL;
UPDATE staged_body b SET subject_id = NULL FROM superseded_body x WHERE x.line = b.line;
"""
"""A line under a code that was replaced says how the body stood, not how it stands."""

MAKE = """
CREATE TEMP TABLE made_body ON COMMIT DROP AS
SELECT nextval(pg_get_serial_sequence('subjects_subject', 'id')) AS id, fresh.* FROM (
    SELECT DISTINCT ON (identity) * FROM staged_body b WHERE subject_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM superseded_body x WHERE x.line = b.line)
        AND NOT EXISTS (SELECT 1 FROM subjects_identifier i WHERE (i.kind, i.value) IN (('uscc', b.uscc),
            ('registration_number', CASE WHEN b.uscc = '' THEN b.registration_number END),
            ('organisation_code', CASE WHEN b.uscc = '' THEN b.organisation_code END)))
    ORDER BY identity, line DESC) AS fresh;
INSERT INTO subjects_subject (id, kind, name, uscc, status, registrar, established_on, made_at, changed_at)
SELECT id, kind, name, uscc, status, registrar, established_on, %(now)s, %(now)s FROM made_body;
UPDATE staged_body b SET subject_id = m.id FROM made_body m WHERE b.subject_id IS NULL AND m.identity = b.identity
    AND NOT EXISTS (SELECT 1 FROM superseded_body x WHERE x.line = b.line);
CREATE TEMP TABLE staged_latest ON COMMIT DROP AS SELECT DISTINCT ON (subject_id) *
FROM staged_body WHERE subject_id IS NOT NULL ORDER BY subject_id, line DESC;
"""

CHANGE = """
WITH changed AS (
    UPDATE subjects_subject s SET kind = b.kind, name = b.name,
        uscc = CASE WHEN b.uscc = '' THEN s.uscc ELSE b.uscc END,
        status = b.status, registrar = b.registrar, established_on = coalesce(b.established_on, s.established_on),
        changed_at = %(now)s
    FROM staged_latest AS b
    WHERE b.subject_id = s.id AND (s.kind, s.name, s.uscc, s.status, s.registrar, s.established_on) IS DISTINCT FROM
        (b.kind, b.name, CASE WHEN b.uscc = '' THEN s.uscc ELSE b.uscc END, b.status, b.registrar,
         coalesce(b.established_on, s.established_on))
    RETURNING s.id)
INSERT INTO changed_body SELECT id FROM changed
"""

KEEP_VERSIONS = """
INSERT INTO subjects_registration (subject_id, kind, name, uscc, status, registrar, established_on, valid_from,
    recorded_at, basis, identifier, batch_id, line)
SELECT s.id, s.kind, s.name, s.uscc, s.status, s.registrar, s.established_on,
    least(coalesce(b.decided_on, %(today)s), %(today)s), %(now)s, 'registration',
    CASE WHEN b.uscc <> '' THEN 'uscc:' || b.uscc
        WHEN b.registration_number <> '' THEN 'registration_number:' || b.registration_number
        ELSE 'organisation_code:' || b.organisation_code END, %(batch)s, b.line
FROM (SELECT id AS subject_id FROM made_body UNION ALL SELECT subject_id FROM changed_body) AS c
    JOIN staged_latest b USING (subject_id) JOIN subjects_subject s ON s.id = c.subject_id ORDER BY s.id
"""
"""Keep how a body stands from now on, where it is new or something changed."""

IDENTIFY = """
WITH added AS (
    INSERT INTO subjects_identifier (subject_id, kind, value, first_seen_at, last_seen_at)
    SELECT DISTINCT b.subject_id, v.kind, v.value, %(now)s::timestamptz, %(now)s::timestamptz
    FROM staged_body b CROSS JOIN LATERAL (VALUES
        ('uscc', b.uscc), ('registration_number', b.registration_number), ('organisation_code', b.organisation_code),
        ('tax_number', b.tax_number)) AS v (kind, value)
    WHERE v.value <> '' AND b.subject_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM subjects_refusedcode f
        WHERE f.subject_id = b.subject_id AND f.kind = v.kind AND f.value = v.value)
    ON CONFLICT (kind, value, subject_id) DO NOTHING RETURNING subject_id, kind, value)
INSERT INTO new_identifier SELECT subject_id, kind, value FROM added
"""

END_REPLACED = """
WITH added AS (
    INSERT INTO subjects_identifier (subject_id, kind, value, first_seen_at, last_seen_at)
    SELECT DISTINCT b.subject_id, v.kind, v.value, %(now)s::timestamptz, %(now)s::timestamptz
    FROM reissue r JOIN staged_body b USING (line) CROSS JOIN LATERAL (VALUES
        ('uscc', r.old), ('organisation_code', substr(r.old, 9, 9))) AS v (kind, value)
    WHERE b.subject_id IS NOT NULL
        -- An organisation code borne elsewhere is that body's until people decide; a second bearer would end both ties.
        AND NOT EXISTS (SELECT 1 FROM subjects_identifier o WHERE v.kind = 'organisation_code' AND o.kind = v.kind
            AND o.value = v.value AND o.subject_id <> b.subject_id)
    ON CONFLICT (kind, value, subject_id) DO NOTHING RETURNING subject_id, kind, value)
INSERT INTO new_identifier SELECT subject_id, kind, value FROM added;
UPDATE subjects_identifier i SET ended_at = %(now)s, replaced_by = r.new,
    ended_on = least(coalesce(b.decided_on, %(today)s), %(today)s)
FROM reissue r JOIN staged_body b USING (line)
WHERE i.subject_id = b.subject_id AND i.kind = 'uscc' AND i.value = r.old AND i.ended_at IS NULL;
DROP TABLE reissue, reissue_bearer;
"""
"""Keep the replaced codes at their body, ended: they lead to it and facts under them attach."""

RENAME = """
UPDATE subjects_name o SET ended_at = %(now)s FROM subjects_name n JOIN staged_latest b USING (subject_id)
WHERE n.kind = 'current' AND n.name <> b.name AND o.subject_id = n.subject_id AND o.kind = 'former' AND o.name = n.name;
UPDATE subjects_name n SET kind = 'former', ended_at = %(now)s FROM staged_latest b
WHERE n.subject_id = b.subject_id AND n.kind = 'current' AND n.name <> b.name
    AND NOT EXISTS (SELECT 1 FROM subjects_name o
        WHERE o.subject_id = n.subject_id AND o.kind = 'former' AND o.name = n.name);
DELETE FROM subjects_name n USING staged_latest b
WHERE n.subject_id = b.subject_id AND n.kind = 'current' AND n.name <> b.name;
INSERT INTO subjects_name (subject_id, kind, name, folded, first_seen_at, last_seen_at)
SELECT DISTINCT ON (b.subject_id, v.kind, v.name) b.subject_id, v.kind, v.name, v.folded, %(now)s::timestamptz,
    %(now)s::timestamptz
FROM staged_latest b CROSS JOIN LATERAL (
    SELECT 'current' AS kind, b.name, b.folded UNION ALL SELECT 'english', b.english, b.english_folded
    UNION ALL SELECT 'former', f.name, f.folded
    FROM unnest(string_to_array(b.former, chr(31)), string_to_array(b.former_folded, chr(31))) AS f (name, folded)
) AS v
WHERE v.name <> '' ON CONFLICT (subject_id, kind, name) DO NOTHING;
"""

SEE_AGAIN = """
UPDATE subjects_identifier i SET last_seen_at = %(now)s FROM staged_latest b
WHERE i.subject_id = b.subject_id AND (i.last_seen_at IS NULL OR i.last_seen_at < %(stale)s)
    AND (i.kind, i.value) IN (('uscc', b.uscc), ('registration_number', b.registration_number),
        ('organisation_code', b.organisation_code), ('tax_number', b.tax_number));
UPDATE subjects_name n SET last_seen_at = %(now)s FROM staged_latest b
WHERE n.subject_id = b.subject_id AND (n.last_seen_at IS NULL OR n.last_seen_at < %(stale)s)
    AND (n.kind, n.name) IN (('current', b.name), ('english', b.english));
"""
"""Note what the file states again, where it was last noted long ago."""
