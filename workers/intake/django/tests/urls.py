from django.urls import include, path

urlpatterns = [path("intake/", include("quayside_intake.urls"))]
