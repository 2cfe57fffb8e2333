from django.db import models


class Berth(models.Model):
    guest = models.CharField(max_length=80)
    made = models.DateTimeField(auto_now_add=True)
