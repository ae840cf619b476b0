from importlib import resources

from django.db import migrations

from chengxin.kernel.names.search.keys import keys_function

SQL = (resources.files("chengxin.subjects") / "search.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("subjects", "0002_bodies_through_time")]
    operations = [
        migrations.RunSQL(
            [(keys_function("core") + SQL, None)],
            """
            DROP FUNCTION core.names_with; DROP INDEX subjects_name_keys; DROP FUNCTION core.name_keys""",
        )
    ]
