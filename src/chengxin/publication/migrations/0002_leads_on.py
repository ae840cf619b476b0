from importlib import resources

from django.db import migrations

SQL = (resources.files("chengxin.publication") / "leads_on.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("publication", "0001_publication"), ("records", "0004_moves")]
    operations = [migrations.RunSQL(SQL, "DROP TABLE publication.leads_on")]
