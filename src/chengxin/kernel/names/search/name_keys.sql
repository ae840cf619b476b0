-- Keys of a name for searching: pairs of neighbouring characters, the sounds of each character behind ~, and the initials
-- of three characters in a row behind ! (in the first ten places). The legal form at the end is left out: most names have one.
-- Chinese words are mostly two characters long, too short for trigrams; sounds forgive homophones and answer pinyin.
CREATE FUNCTION [schema].name_keys(folded text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
AS $body$
DECLARE
    bare text := translate(folded, '()·-—_、，。,.;:''"“”‘’!?/\|~*#…`^=+&@<>《》', '');
    keys text[] := '{}';
    heads text := '';
    before text := '';
    letter text;
    sounds text;
BEGIN
    bare := regexp_replace(bare, '(?<=..)(股份)?有限(责任)?公司$', '');
    FOREACH letter IN ARRAY string_to_array(left(bare, 60), NULL) LOOP
        sounds := coalesce($sounds$[sounds]$sounds$::jsonb ->> letter, '~' || letter);
        keys := keys || string_to_array(sounds, ' ');
        IF before <> '' THEN
            keys := keys || (before || letter);
        END IF;
        heads := heads || substr(sounds, 2, 1);
        before := letter;
    END LOOP;
    heads := upper(heads);
    FOR place IN 1..least(length(heads) - 2, 8) LOOP
        keys := keys || ('!' || substr(heads, place, 3));
    END LOOP;
    RETURN keys;
END $body$;
COMMENT ON FUNCTION [schema].name_keys IS
    'Keys by which names are searched: pairs of characters, sounds (~) and initials (!). A change needs a REINDEX.';
