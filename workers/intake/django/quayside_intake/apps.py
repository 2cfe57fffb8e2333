from django.apps import AppConfig


class QuaysideIntakeConfig(AppConfig):
    name = "quayside_intake"
    verbose_name = "Intake"
    default_auto_field = "django.db.models.BigAutoField"
