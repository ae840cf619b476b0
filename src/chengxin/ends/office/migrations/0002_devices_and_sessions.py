import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_clients_guarded"),
        ("end_office", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.TextField(unique=True)),
                ("words", models.TextField(blank=True)),
                ("network", models.TextField(blank=True)),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
            ],
            options={
                "db_table": "office_device",
            },
        ),
        migrations.CreateModel(
            name="OfficeSession",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("sitting", models.TextField(blank=True)),
                ("began", models.DateTimeField(null=True)),
                ("seen", models.DateTimeField(null=True)),
                ("device", models.BigIntegerField(null=True)),
                ("words", models.TextField(blank=True)),
                ("network", models.TextField(blank=True)),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "db_table": "office_session",
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="loginattempt",
            name="device",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="loginattempt",
            index=models.Index(fields=["device", "-at"], name="attempt_on_device"),
        ),
        migrations.AddField(
            model_name="device",
            name="officer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="devices", to="accounts.officer"
            ),
        ),
        migrations.AddField(
            model_name="officesession",
            name="officer",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to="accounts.officer"
            ),
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(fields=["last_seen"], name="device_last_seen"),
        ),
    ]
