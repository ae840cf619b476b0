-- Nothing by default: each room grants what its processes need.
DO $$
DECLARE role_name text; schema_name text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    REVOKE ALL ON ALL ROUTINES IN SCHEMA core, publication FROM PUBLIC;
    FOREACH role_name IN ARRAY ARRAY['chengxin_worker', 'chengxin_office', 'chengxin_api', 'chengxin_public'] LOOP
        -- What an earlier version granted and this one does not goes with the rest.
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), role_name);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role_name);
        EXECUTE format('REVOKE ALL ON SCHEMA public FROM %I', role_name);
        FOREACH schema_name IN ARRAY ARRAY['core', 'publication'] LOOP
            EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', schema_name, role_name);
            EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', schema_name, role_name);
            EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA %I FROM %I', schema_name, role_name);
            EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', schema_name, role_name);
        END LOOP;
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA publication TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT USAGE ON SCHEMA core TO chengxin_worker, chengxin_office, chengxin_api;
-- Jobs are handed over in the transaction of what asks for them; procrastinate's functions do the work.
GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers,
    procrastinate_workers TO chengxin_worker;
GRANT SELECT, INSERT ON procrastinate_jobs, procrastinate_events TO chengxin_office, chengxin_api;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA core TO chengxin_worker, chengxin_office, chengxin_api;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA core TO chengxin_worker, chengxin_office, chengxin_api;
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO chengxin_worker', current_database()); END $$;
