from importlib import resources

from django.db import migrations

SQL = (resources.files("chengxin.publication") / "schema.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("records", "0002_immutable")]
    operations = [
        migrations.RunSQL(
            SQL,
            "DROP TABLE publication.body, publication.body_name, publication.fact, publication.state, publication.monthly",
        )
    ]
