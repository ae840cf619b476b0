from django.db import migrations

# What 0004 keeps about officers, for the two other ways to power: what a client is granted and proves itself by, and an
# organisation that opens again. The process that faces people adds neither without an approval used in the same
# transaction for exactly that, and gives nothing back that was taken away.
GUARD = """
CREATE FUNCTION core.accounts_guard_client_grant() RETURNS trigger LANGUAGE plpgsql SET search_path = core, pg_temp AS $$
BEGIN
    IF current_user <> 'chengxin_office' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
            RAISE EXCEPTION 'what was taken from a client stays taken' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.revoked_at IS NULL AND EXISTS (
        SELECT FROM accounts_approval a WHERE a.id = NEW.approval AND a.operation = 'clients.manage'
            AND a.object_kind = 'client' AND a.object_id = NEW.client_id::text
            AND a.used_in = pg_current_xact_id()::text AND a.content ->> 'act' = 'grant'
            AND a.content ->> 'operation' = NEW.operation
            AND a.content -> 'items' = to_jsonb(NEW.items) AND a.content -> 'purposes' = to_jsonb(NEW.purposes)
            AND a.content -> 'per_minute' = to_jsonb(NEW.per_minute) AND a.content -> 'per_day' = to_jsonb(NEW.per_day)
            AND (a.content ->> 'ends_at')::timestamptz = NEW.ends_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a client is granted something with an approval only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER accounts_guard_client_grant BEFORE INSERT OR UPDATE ON accounts_clientgrant
    FOR EACH ROW EXECUTE FUNCTION core.accounts_guard_client_grant();

CREATE FUNCTION core.accounts_guard_client_key() RETURNS trigger LANGUAGE plpgsql SET search_path = core, pg_temp AS $$
BEGIN
    IF current_user <> 'chengxin_office' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
            RAISE EXCEPTION 'what was taken from a client stays taken' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.revoked_at IS NULL AND EXISTS (
        SELECT FROM accounts_approval a WHERE a.id = NEW.approval AND a.operation = 'clients.manage'
            AND a.object_kind = 'client' AND a.object_id = NEW.client_id::text
            AND a.used_in = pg_current_xact_id()::text AND a.content ->> 'act' = 'key'
            AND a.content ->> 'suite' = NEW.suite AND a.content ->> 'fingerprint' = NEW.fingerprint
            AND NEW.public_key IN ('', a.content ->> 'pem')
            AND (a.content ->> 'ends_at')::timestamptz = NEW.ends_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a client is given a key with an approval only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER accounts_guard_client_key BEFORE INSERT OR UPDATE ON accounts_clientkey
    FOR EACH ROW EXECUTE FUNCTION core.accounts_guard_client_key();

CREATE FUNCTION core.accounts_guard_client() RETURNS trigger LANGUAGE plpgsql SET search_path = core, pg_temp AS $$
BEGIN
    IF current_user = 'chengxin_office' AND OLD.revoked_at IS NOT NULL
        AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
        RAISE EXCEPTION 'a client that was closed stays closed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_guard_client BEFORE UPDATE ON accounts_apiclient
    FOR EACH ROW EXECUTE FUNCTION core.accounts_guard_client();

CREATE FUNCTION core.accounts_guard_organisation() RETURNS trigger LANGUAGE plpgsql SET search_path = core, pg_temp AS $$
BEGIN
    IF current_user = 'chengxin_office' AND NEW.is_active AND NOT OLD.is_active AND NOT EXISTS (
        SELECT FROM accounts_approval a WHERE a.operation = 'duties.grant' AND a.object_kind = 'organisation.reopen'
            AND a.object_id = NEW.code AND a.used_in = pg_current_xact_id()::text) THEN
        RAISE EXCEPTION 'an organisation opens again with an approval only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_guard_organisation BEFORE UPDATE ON accounts_organisation
    FOR EACH ROW EXECUTE FUNCTION core.accounts_guard_organisation();
"""

UNGUARD = """
DROP TRIGGER accounts_guard_organisation ON accounts_organisation;
DROP TRIGGER accounts_guard_client ON accounts_apiclient;
DROP TRIGGER accounts_guard_client_key ON accounts_clientkey;
DROP TRIGGER accounts_guard_client_grant ON accounts_clientgrant;
DROP FUNCTION core.accounts_guard_organisation();
DROP FUNCTION core.accounts_guard_client();
DROP FUNCTION core.accounts_guard_client_key();
DROP FUNCTION core.accounts_guard_client_grant();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_power_guarded")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
