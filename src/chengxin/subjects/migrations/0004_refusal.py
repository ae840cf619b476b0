from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subjects", "0003_name_search")]
    operations = [
        migrations.AlterField(
            model_name="change",
            name="kind",
            field=models.TextField(
                choices=[
                    ("merge", "合并主体"),
                    ("split", "拆分主体"),
                    ("reissue", "代码换发"),
                    ("undo", "撤销变更"),
                    ("refusal", "代码更正"),
                ]
            ),
        )
    ]
