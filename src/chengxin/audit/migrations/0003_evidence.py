from importlib import resources

from django.db import migrations, models

SQL = (resources.files("chengxin.audit") / "schema.sql").read_text(encoding="utf-8")
BACKWARD = """
DROP TABLE audit_personal, audit_tree, audit_witnessing, audit_checkpoint, audit_node, audit_leaf;
DROP FUNCTION core.refuse_silent_erasure(), core.add_audit_event;
DROP INDEX audit_event_xid;
ALTER TABLE audit_event DROP COLUMN salt, DROP COLUMN xid;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [
        *[
            migrations.AddField("event", name, models.TextField(db_default="", default=""))
            for name in ("purpose", "case_number", "legal_basis", "channel")
        ],
        migrations.AddField("event", "subject_id", models.BigIntegerField(null=True)),
        migrations.AddField("event", "personal_digest", models.TextField(null=True)),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("subject_id__isnull", False)),
                fields=["subject_id", "at", "id"],
                name="audit_event_subject",
            ),
        ),
        migrations.RunSQL(SQL, BACKWARD),
    ]
