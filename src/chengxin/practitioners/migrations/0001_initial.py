import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0004_power_guarded"),
    ]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField()),
                ("closed_on", models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("actor", models.TextField()),
                ("kind", models.TextField()),
                ("found", models.BooleanField()),
            ],
            options={
                "indexes": [models.Index(fields=["actor", "kind", "at"], name="practitioner_attempts")],
            },
        ),
        migrations.CreateModel(
            name="Practitioner",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("occupation", models.TextField()),
                ("licence", models.TextField()),
                ("name", models.TextField()),
                ("name_key", models.TextField()),
                ("employer_uscc", models.TextField(blank=True)),
                ("state", models.TextField()),
                ("valid_from", models.DateField(null=True)),
                ("valid_until", models.DateField(null=True)),
                ("version", models.IntegerField()),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="practitioners",
                        to="practitioners.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["name_key", "occupation", "employer_uscc"], name="practitioner_by_name")
                ],
                "constraints": [models.UniqueConstraint(fields=("occupation", "licence"), name="practitioner_once")],
            },
        ),
        migrations.CreateModel(
            name="SealedText",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.TextField(choices=[("number", "公民身份号码"), ("former_name", "原姓名")])),
                ("sealed", models.BinaryField()),
                ("blind", models.BinaryField()),
                ("current", models.BooleanField()),
                ("made_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sealed_texts",
                        to="practitioners.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("blind",), name="sealed_text_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("current", True)), fields=("person",), name="sealed_number_in_use"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "number"), ("current", False), _connector="OR"),
                        name="sealed_former_name",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TakenFile",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("occupation", models.TextField()),
                ("blind", models.BinaryField()),
                ("receipt", models.JSONField()),
                ("taken_at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "occupation", "blind"), name="practitioner_file_once"
                    )
                ],
            },
        ),
    ]
