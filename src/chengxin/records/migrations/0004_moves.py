from django.db import migrations, models

FORWARD = """
CREATE TRIGGER moves_are_immutable BEFORE UPDATE OR DELETE ON records_move
    FOR EACH ROW EXECUTE FUNCTION core.refuse_change();
CREATE TRIGGER moves_are_not_emptied BEFORE TRUNCATE ON records_move
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
"""
BACKWARD = """
DROP TRIGGER moves_are_immutable ON records_move;
DROP TRIGGER moves_are_not_emptied ON records_move;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0003_link_review")]

    operations = [
        migrations.CreateModel(
            name="Move",
            fields=[
                ("record_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("replaced_id", models.BigIntegerField()),
                ("change_id", models.BigIntegerField(db_index=True)),
                ("from_subject_id", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
