from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_evidence")]
    operations = [
        migrations.AddIndex("event", models.Index(fields=["at", "id"], name="audit_event_time")),
        migrations.AddIndex(
            "event",
            models.Index(
                condition=models.Q(("case_number", ""), _negated=True),
                fields=["case_number", "at", "id"],
                name="audit_event_case",
            ),
        ),
    ]
