from berths import views
from django.urls import path

urlpatterns = [
    path("", views.home),
    path("health", views.health),
    path("version", views.version),
    path("berths", views.berths),
    path("logbook", views.logbook),
]
