from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="IntakeMessage",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("received_at", models.DateTimeField(db_index=True)),
                ("stored_at", models.DateTimeField(auto_now_add=True)),
                ("stack", models.CharField(max_length=100)),
                ("fields", models.JSONField()),
            ],
            options={"ordering": ["received_at"]},
        ),
    ]
