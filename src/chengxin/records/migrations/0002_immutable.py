from django.db import migrations

FORWARD = """
CREATE FUNCTION core.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are added, never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER records_are_immutable BEFORE UPDATE OR DELETE ON records_record
    FOR EACH ROW EXECUTE FUNCTION core.refuse_change();
CREATE TRIGGER records_are_not_emptied BEFORE TRUNCATE ON records_record
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
CREATE SEQUENCE core.record_ids;
"""
BACKWARD = """
DROP TRIGGER records_are_immutable ON records_record;
DROP TRIGGER records_are_not_emptied ON records_record;
DROP FUNCTION core.refuse_change();
DROP SEQUENCE core.record_ids;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
