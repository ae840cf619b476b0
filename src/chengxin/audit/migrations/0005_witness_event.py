from importlib import resources

from django.db import migrations

SQL = (resources.files("chengxin.audit") / "witness_event.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_by_time")]
    operations = [migrations.RunSQL(SQL, "DROP FUNCTION core.witness_event")]
