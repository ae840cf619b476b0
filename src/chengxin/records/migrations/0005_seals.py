from importlib import resources

from django.db import migrations

SQL = (resources.files("chengxin.records") / "seals.sql").read_text(encoding="utf-8")
BACKWARD = "DROP TABLE records_sealing, records_sealpiece;"


class Migration(migrations.Migration):
    dependencies = [("records", "0004_moves")]
    operations = [migrations.RunSQL(SQL, BACKWARD)]
