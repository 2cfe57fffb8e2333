import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

# The server hands secrets over as files in memory, one a secret: nothing of them is in the container's description.
SECRETS = {file.name: file.read_text() for file in Path("/run/secrets").glob("[A-Z]*")}

SECRET_KEY = SECRETS.get("SECRET_KEY", "")
ALLOWED_HOSTS = [os.environ["APP_HOST"]]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "berths"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
STATIC_URL = "/static/"
STATIC_ROOT = "/app/static"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

database = urlsplit(SECRETS.get("DATABASE_URL", ""))
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": database.hostname,
        "PORT": database.port or 5432,
        "NAME": database.path.lstrip("/"),
        "USER": unquote(database.username or ""),
        "PASSWORD": unquote(database.password or ""),
    }
}
