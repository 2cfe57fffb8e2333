import logging
import time

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from .models import IntakeMessage
from .receive import receive
from .signals import message_received
from .signature import parse_keys

logger = logging.getLogger(__name__)


# The signature takes the place of the token: there is no browser and no session here.
@csrf_exempt
def messages(request):
    """``POST /intake/messages``: one delivery of the intake Worker."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    answer = receive(
        {name.lower(): value for name, value in request.headers.items()},
        request.body,
        keys=parse_keys(settings.INTAKE_SIGNING_KEY),
        take=_take,
        now=time.time(),
    )
    if answer.status >= 400:
        logger.warning("intake delivery refused with %d: %s", answer.status, answer.detail)
    return HttpResponse(status=answer.status)


def _take(message):
    with transaction.atomic():
        # The primary key decides between two deliveries at once; get_or_create reads again when it loses.
        stored, created = IntakeMessage.objects.get_or_create(
            id=message.id,
            defaults={"received_at": message.received_at, "stack": message.stack, "fields": message.fields},
        )
        if created:
            message_received.send(sender=IntakeMessage, message=stored)
    return created
