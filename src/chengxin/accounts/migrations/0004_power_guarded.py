from django.db import migrations, models

# What the code promises about power over accounts, kept by the database for the process that faces people: duties only
# grow, accounts only open again, passwords of others are only set and outside identities only registered in a
# transaction that uses an approval for it; an approval is asked, decided and used in the name of who acts, and what was
# decided or used stays so for everybody.
GUARD = """
CREATE FUNCTION core.accounts_guard_approval() RETURNS trigger LANGUAGE plpgsql SET search_path = core, pg_temp AS $$
DECLARE acting text := current_setting('chengxin.actor', true);
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.used_in := '';
        IF current_user = 'chengxin_office' AND (NEW.agreed IS NOT NULL OR NEW.asked_by IS DISTINCT FROM acting) THEN
            RAISE EXCEPTION 'an approval is asked for in the name of who acts' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.used_at IS NOT NULL OR NEW.digest <> OLD.digest OR NEW.asked_by <> OLD.asked_by
        OR (OLD.agreed IS NOT NULL AND (NEW.agreed, NEW.decided_by, NEW.decided_at)
            IS DISTINCT FROM (OLD.agreed, OLD.decided_by, OLD.decided_at)) THEN
        RAISE EXCEPTION 'what was asked, decided or used stays as it is' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF current_user = 'chengxin_office' AND (
        (OLD.agreed IS NULL AND NEW.agreed IS NOT NULL AND NEW.decided_by IS DISTINCT FROM acting)
        OR (NEW.used_at IS NOT NULL AND NEW.used_by IS DISTINCT FROM acting)) THEN
        RAISE EXCEPTION 'an approval is decided and used in the name of who acts'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.used_in := CASE WHEN NEW.used_at IS NULL THEN '' ELSE pg_current_xact_id()::text END;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_guard_approval BEFORE INSERT OR UPDATE ON accounts_approval
    FOR EACH ROW EXECUTE FUNCTION core.accounts_guard_approval();

CREATE FUNCTION core.accounts_guard_officer() RETURNS trigger LANGUAGE plpgsql SET search_path = core, pg_temp AS $$
DECLARE
    added text[];
    opened boolean;
    secret boolean;
BEGIN
    IF current_user <> 'chengxin_office' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF cardinality(NEW.roles) > 0 THEN
            RAISE EXCEPTION 'a new account has no duty' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    SELECT array_agg(r) INTO added FROM unnest(NEW.roles) r WHERE r <> ALL (OLD.roles);
    IF added IS NOT NULL AND NOT EXISTS (
        SELECT FROM accounts_approval a WHERE a.operation = 'duties.grant' AND a.object_kind = 'officer.duties'
            AND a.object_id = NEW.username AND a.used_in = pg_current_xact_id()::text
            AND a.content -> 'roles' @> to_jsonb(added)) THEN
        RAISE EXCEPTION 'duties are added with an approval only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    opened := NEW.is_active AND NOT OLD.is_active;
    secret := NEW.password <> OLD.password AND current_setting('chengxin.actor_kind', true) = 'officer'
        AND current_setting('chengxin.actor', true) <> NEW.username;
    IF (opened OR secret) AND NOT EXISTS (
        SELECT FROM accounts_approval a WHERE a.operation = 'duties.grant' AND a.object_kind = 'officer.reset'
            AND a.object_id = NEW.username AND a.used_in = pg_current_xact_id()::text) THEN
        RAISE EXCEPTION 'another officer''s log-in is reset with an approval only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_guard_officer BEFORE INSERT OR UPDATE ON accounts_officer
    FOR EACH ROW EXECUTE FUNCTION core.accounts_guard_officer();

CREATE FUNCTION core.accounts_guard_identity() RETURNS trigger LANGUAGE plpgsql SET search_path = core, pg_temp AS $$
BEGIN
    IF current_user = 'chengxin_office' AND NOT EXISTS (
        SELECT FROM accounts_approval a JOIN accounts_officer o ON o.username = a.object_id
        WHERE o.id = NEW.officer_id AND a.operation = 'duties.grant' AND a.object_kind = 'officer.identity'
            AND a.used_in = pg_current_xact_id()::text
            AND a.content ->> 'issuer' = NEW.issuer AND a.content ->> 'subject' = NEW.subject) THEN
        RAISE EXCEPTION 'an outside identity is registered with an approval only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_guard_identity BEFORE INSERT OR UPDATE ON accounts_outsideidentity
    FOR EACH ROW EXECUTE FUNCTION core.accounts_guard_identity();
"""

UNGUARD = """
DROP TRIGGER accounts_guard_identity ON accounts_outsideidentity;
DROP TRIGGER accounts_guard_officer ON accounts_officer;
DROP TRIGGER accounts_guard_approval ON accounts_approval;
DROP FUNCTION core.accounts_guard_identity();
DROP FUNCTION core.accounts_guard_officer();
DROP FUNCTION core.accounts_guard_approval();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_clients")]

    operations = [
        migrations.AddField(
            model_name="approval",
            name="used_in",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
