import os
from pathlib import Path

from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from .models import Berth

VERSION = Path("/app/VERSION").read_text().strip()
LOGBOOK = Path("/srv/data/logbook.txt")


def health(request):
    if "sick" in VERSION:
        return HttpResponse("sick", status=500)
    return HttpResponse("ok")


def version(request):
    return HttpResponse(VERSION, content_type="text/plain")


def home(request):
    about = {
        "version": VERSION,
        "server": os.environ["SERVER"],
        "berths": Berth.objects.count(),
        "visitor": request.headers.get("X-Forwarded-For"),
        "secure": request.is_secure(),
        "metadata": metadata(),
    }
    return JsonResponse(about)


@csrf_exempt
def berths(request):
    if request.method == "POST":
        Berth.objects.create(guest=request.POST.get("guest", "somebody"))
    return JsonResponse({"guests": list(Berth.objects.order_by("id").values_list("guest", flat=True))})


@csrf_exempt
def logbook(request):
    if request.method == "POST":
        with LOGBOOK.open("a") as file:
            file.write(request.POST.get("line", "") + "\n")
    return HttpResponse(LOGBOOK.read_text() if LOGBOOK.exists() else "", content_type="text/plain")


def metadata():
    """Whether the app can reach the metadata service, which would hand it every key of the server."""
    import socket

    try:
        socket.create_connection(("169.254.169.254", 80), timeout=0.3).close()
        return "reached"
    except OSError:
        return "refused"
