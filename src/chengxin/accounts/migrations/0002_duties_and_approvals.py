import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("operation", models.TextField()),
                ("object_kind", models.TextField()),
                ("object_id", models.TextField()),
                ("content", models.JSONField()),
                ("digest", models.TextField()),
                ("reason", models.TextField()),
                ("asked_by", models.TextField()),
                ("asked_by_kind", models.TextField()),
                ("asked_for", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("agreed", models.BooleanField(null=True)),
                ("decided_by", models.TextField(blank=True, db_default="", default="")),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_reason", models.TextField(blank=True, db_default="", default="")),
                ("used_by", models.TextField(blank=True, db_default="", default="")),
                ("used_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="OutsideIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("issuer", models.TextField()),
                ("subject", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.TextField(choices=[("totp", "动态口令"), ("passkey", "通行密钥"), ("recovery", "恢复码")]),
                ),
                ("name", models.TextField(blank=True, default="")),
                ("key", models.TextField(blank=True, default="")),
                ("secret", models.BinaryField(default=b"")),
                ("counter", models.BigIntegerField(default=-1)),
                ("made_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="officer",
            name="must_change_password",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="officer",
            name="password_changed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="officer",
            name="roles",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="officer",
            name="session_epoch",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="officer",
            name="staff_number",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="organisation",
            name="is_active",
            field=models.BooleanField(db_default=True, default=True),
        ),
        # The single duty an officer had becomes the first of their duties. The old column stays, empty for whom is new,
        # so that processes of the release before go on reading it while this one is rolled out.
        migrations.RunSQL(
            "UPDATE accounts_officer SET roles = ARRAY[role] WHERE role <> ''",
            migrations.RunSQL.noop,
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE accounts_officer ALTER COLUMN role SET DEFAULT ''",
                    "ALTER TABLE accounts_officer ALTER COLUMN role DROP DEFAULT",
                ),
            ],
            state_operations=[migrations.RemoveField(model_name="officer", name="role")],
        ),
        migrations.AddConstraint(
            model_name="officer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("roles__overlap", ["administrator", "security", "auditor"]), _negated=True),
                    ("roles__len", 1),
                    _connector="OR",
                ),
                name="officer_oversight_alone",
            ),
        ),
        migrations.AddConstraint(
            model_name="officer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("staff_number", ""), _negated=True),
                fields=("organisation", "staff_number"),
                name="officer_one_person_one_account",
            ),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(fields=["operation", "object_kind", "object_id"], name="approval_of_object"),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(("decided_by", models.F("asked_by")), _negated=True), name="approval_never_ones_own"
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("used_by", ""), models.Q(("used_by", models.F("decided_by")), _negated=True), _connector="OR"
                ),
                name="approval_decider_uses_not",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("agreed__isnull", True), ("decided_at__isnull", True), ("decided_by", "")),
                    models.Q(
                        ("agreed__isnull", False),
                        ("decided_at__isnull", False),
                        models.Q(("decided_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="approval_decided_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("used_at__isnull", True), ("used_by", "")),
                    models.Q(
                        ("agreed", True),
                        ("agreed__isnull", False),
                        ("used_at__isnull", False),
                        models.Q(("used_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="approval_used_only_agreed",
            ),
        ),
        migrations.AddField(
            model_name="outsideidentity",
            name="officer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="outside_identities", to="accounts.officer"
            ),
        ),
        migrations.AddField(
            model_name="secondfactor",
            name="officer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="second_factors", to="accounts.officer"
            ),
        ),
        migrations.AddConstraint(
            model_name="outsideidentity",
            constraint=models.UniqueConstraint(fields=("issuer", "subject"), name="outside_identity_once"),
        ),
        migrations.AddConstraint(
            model_name="outsideidentity",
            constraint=models.UniqueConstraint(fields=("officer", "issuer"), name="outside_identity_one_each"),
        ),
        migrations.AddConstraint(
            model_name="secondfactor",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "totp")), fields=("officer",), name="second_factor_one_totp"
            ),
        ),
        migrations.AddConstraint(
            model_name="secondfactor",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True), fields=("kind", "key"), name="second_factor_key_once"
            ),
        ),
    ]
