from importlib import resources

from django.db import migrations

from chengxin.kernel.names.search.keys import keys_function

SQL = (resources.files("chengxin.publication") / "search.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("publication", "0003_why_attached")]
    operations = [
        migrations.RunSQL(
            [(keys_function("publication") + SQL, None)],
            """
            DROP FUNCTION publication.names_with; DROP FUNCTION publication.names_holding; DROP INDEX publication.body_name_keys;
            DROP FUNCTION publication.name_keys""",
        )
    ]
