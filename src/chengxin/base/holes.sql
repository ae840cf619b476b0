-- Ways round row security, one query each; every row it returns is a hole. What a hole is called stands before it.

-- hole: view_of_its_owner
-- It reads with the rights of its owner, not of whoever asks.
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND c.relkind = 'v'
    AND NOT EXISTS (SELECT FROM pg_options_to_table(c.reloptions)
        WHERE option_name = 'security_invoker' AND option_value IN ('true', 'on', '1', 'yes'));

-- hole: owned_by_another
-- Whoever owns a table can take its row security away; only the role that migrates may.
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace IN ('core'::regnamespace, 'publication'::regnamespace)
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relowner <> 'chengxin_owner'::regrole;

-- hole: function_owned_by_another
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND p.proowner <> 'chengxin_owner'::regrole;

-- hole: may_truncate
-- TRUNCATE asks no policy.
SELECT c.oid::regclass::text || ' ' || r.rolname FROM pg_class c CROSS JOIN pg_roles r
WHERE c.relnamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND c.relkind IN ('r', 'p')
    AND r.rolname LIKE 'chengxin\_%' AND r.rolname <> 'chengxin_owner' AND has_table_privilege(r.oid, c.oid, 'TRUNCATE');

-- hole: may_trigger_or_refer
-- A trigger sees every row that is written, and a foreign key tells whether a row is there.
SELECT c.oid::regclass::text || ' ' || r.rolname FROM pg_class c CROSS JOIN pg_roles r
WHERE c.relnamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND c.relkind IN ('r', 'p')
    AND r.rolname LIKE 'chengxin\_%' AND r.rolname <> 'chengxin_owner'
    AND has_table_privilege(r.oid, c.oid, 'TRIGGER, REFERENCES');

-- hole: role_above_policies
SELECT rolname FROM pg_roles WHERE rolname LIKE 'chengxin\_%'
    AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication OR (rolcreatedb AND rolname <> 'chengxin_owner'));

-- hole: role_of_another_role
-- Who may become another role has its policies, too, and roles such as pg_read_all_data need no table's consent.
SELECT m.rolname || ' ' || r.rolname FROM pg_auth_members a
    JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid WHERE m.rolname LIKE 'chengxin\_%';

-- hole: function_of_everybody
SELECT DISTINCT p.oid::regprocedure::text FROM pg_proc p
    CROSS JOIN aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
WHERE p.pronamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND a.grantee = 0;

-- hole: right_of_everybody
SELECT DISTINCT c.oid::regclass::text FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
WHERE c.relnamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND a.grantee = 0;

-- hole: definer_without_path
-- Its caller chooses which tables and operators the names in it mean.
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND p.prosecdef
    AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search\_path=%');

-- hole: leakproof_claimed
-- A function that claims to be leakproof sees rows before the policies do.
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND p.proleakproof;

-- hole: policy_for_everybody
SELECT p.polrelid::regclass::text || ' ' || p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND 0 = ANY (p.polroles);

-- hole: owner_policy_for_all_log_ins
-- It would hold inside the owner's views and functions, whoever uses them.
SELECT p.polrelid::regclass::text || ' ' || p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND 'chengxin_owner'::regrole = ANY (p.polroles)
    AND (cardinality(p.polroles) > 1 OR pg_get_expr(p.polqual, p.polrelid) IS DISTINCT FROM
        '(SESSION_USER = ''chengxin_owner''::name)');

-- hole: may_create
-- What a role creates it owns.
SELECT n.nspname || ' ' || r.rolname FROM pg_namespace n CROSS JOIN pg_roles r
WHERE n.nspname IN ('core', 'publication', 'public') AND r.rolname LIKE 'chengxin\_%' AND r.rolname <> 'chengxin_owner'
    AND has_schema_privilege(r.oid, n.oid, 'CREATE');

-- hole: settings_kept_by_role
-- A setting that a role or a database brings along holds in every transaction: then nobody acts as somebody.
SELECT coalesce(r.rolname, d.datname, 'all') || ' ' || split_part(setting, '=', 1)
FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS setting
    LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
WHERE setting LIKE 'chengxin.%' OR setting LIKE 'row\_security=%';

-- hole: rule
-- A rule rewrites a query with the rights of the table's owner.
SELECT c.oid::regclass::text || ' ' || w.rulename FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
WHERE c.relnamespace IN ('core'::regnamespace, 'publication'::regnamespace) AND c.relkind IN ('r', 'p');

-- hole: published_to_replicas
-- Replication asks no policy.
SELECT t.pubname || ' ' || t.schemaname || '.' || t.tablename FROM pg_publication_tables t WHERE t.schemaname = 'core';
