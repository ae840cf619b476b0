import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_duties_and_approvals"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClientGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("operation", models.TextField()),
                ("items", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("purposes", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("per_minute", models.IntegerField()),
                ("per_day", models.IntegerField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.TextField()),
                ("approval", models.BigIntegerField(null=True)),
                ("ends_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
        ),
        # Nothing is inherited: what the old column named is granted to nobody. It stays, empty for whom is new, so that
        # processes of the release before go on reading it while this one is rolled out.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE accounts_apiclient ALTER COLUMN grants SET DEFAULT '{}'",
                    "ALTER TABLE accounts_apiclient ALTER COLUMN grants DROP DEFAULT",
                ),
            ],
            state_operations=[migrations.RemoveField(model_name="apiclient", name="grants")],
        ),
        migrations.AddField(
            model_name="apiclient",
            name="allow_bearer",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="apiclient",
            name="token_digest",
            field=models.TextField(null=True, unique=True),
        ),
        migrations.CreateModel(
            name="ClientUse",
            fields=[
                (
                    "grant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="use",
                        serialize=False,
                        to="accounts.clientgrant",
                    ),
                ),
                ("day", models.DateField()),
                ("day_count", models.IntegerField()),
                ("minute", models.DateTimeField()),
                ("minute_count", models.IntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="clientgrant",
            name="client",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="grants", to="accounts.apiclient"
            ),
        ),
        migrations.CreateModel(
            name="ClientKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key_id", models.TextField(unique=True)),
                ("suite", models.TextField()),
                ("public_key", models.TextField()),
                ("fingerprint", models.TextField(unique=True)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.TextField()),
                ("approval", models.BigIntegerField(null=True)),
                ("ends_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="keys", to="accounts.apiclient"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClientNonce",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "key_id", "nonce", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("nonce", models.TextField()),
                ("forget_at", models.DateTimeField(db_index=True)),
                (
                    "key",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.clientkey",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="clientgrant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at", None)), fields=("client", "operation"), name="client_grant_live_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="clientgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(("per_day__gt", 0), ("per_minute__gt", 0)), name="client_grant_quota_positive"
            ),
        ),
    ]
