from django.db import migrations

FORWARD = """
ALTER TABLE publication.fact ADD COLUMN link text, ADD COLUMN linked_on date;
COMMENT ON COLUMN publication.fact.link IS
    'What ties the fact to the body: a kind of code, or decision where a person did; never who.';
COMMENT ON COLUMN publication.fact.linked_on IS 'Legal day since which the fact is this body''s without a break.';
UPDATE publication.fact f SET link = r.link, linked_on = (SELECT min(v.recorded_at) AT TIME ZONE 'Asia/Shanghai'
    FROM core.records_record v WHERE v.key = r.key AND v.version > coalesce((SELECT max(w.version)
        FROM core.records_record w WHERE w.key = r.key AND w.subject_id IS DISTINCT FROM r.subject_id), 0))::date
FROM core.records_record r WHERE r.id = f.record_id;
"""
BACKWARD = "ALTER TABLE publication.fact DROP COLUMN link, DROP COLUMN linked_on"


class Migration(migrations.Migration):
    dependencies = [("publication", "0002_leads_on"), ("records", "0003_link_review")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
