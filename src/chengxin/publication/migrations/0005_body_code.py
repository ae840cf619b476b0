from importlib import resources
from typing import Any

from django.db import migrations

from chengxin.publication.codes import refresh_all

SQL = (resources.files("chengxin.publication") / "body_code.sql").read_text(encoding="utf-8")


def fill(_apps: Any, schema_editor: Any) -> None:  # noqa: ANN401 - Django's own
    """Show the codes of the bodies that are shown already."""
    refresh_all(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("publication", "0004_name_search"), ("subjects", "0004_refusal")]
    operations = [
        migrations.RunSQL(SQL, "DROP TABLE publication.body_code"),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
