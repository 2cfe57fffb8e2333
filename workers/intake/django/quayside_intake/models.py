from django.db import models


class IntakeMessage(models.Model):
    """A message that the intake Worker delivered. The primary key is the message's id, which is what makes it arrive once."""

    id = models.UUIDField(primary_key=True)
    #: When the Worker took it in.
    received_at = models.DateTimeField(db_index=True)
    #: When it was stored here.
    stored_at = models.DateTimeField(auto_now_add=True)
    stack = models.CharField(max_length=100)
    fields = models.JSONField()

    class Meta:
        ordering = ["received_at"]

    def __str__(self):
        return str(self.id)
