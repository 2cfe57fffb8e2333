from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            name="Berth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("guest", models.CharField(max_length=80)),
                ("made", models.DateTimeField(auto_now_add=True)),
            ],
        )
    ]
