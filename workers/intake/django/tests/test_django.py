"""The view and the model in a real Django, where one is installed."""

import unittest
from unittest import mock

try:
    import django
    from django.conf import settings
except ImportError:
    django = None

from .deliveries import ID, KEY, NOW, headers, payload

if django is not None:
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["quayside_intake"],
        ROOT_URLCONF="tests.urls",
        INTAKE_SIGNING_KEY=KEY,
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from quayside_intake.models import IntakeMessage
    from quayside_intake.signals import message_received


@unittest.skipIf(django is None, "Django is not installed")
class DjangoTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        call_command("migrate", verbosity=0)

    def setUp(self):
        IntakeMessage.objects.all().delete()
        clock = mock.patch("time.time", return_value=NOW)
        clock.start()
        self.addCleanup(clock.stop)

    def post(self, body, head=None):
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        head = headers(body) if head is None else head
        return client.post(
            "/intake/messages", body, content_type="application/json", headers=head
        ).status_code

    def test_a_delivery_becomes_one_row(self):
        self.assertEqual([self.post(payload()), self.post(payload())], [201, 200])
        message = IntakeMessage.objects.get()
        self.assertEqual(str(message.id), ID)
        self.assertEqual(message.received_at.isoformat(), "2026-11-23T08:15:00+00:00")
        self.assertEqual(message.fields["email"], "ada@example.org")

    def test_what_a_receiver_does_and_the_row_stand_or_fall_together(self):
        seen = []

        def fail_once(message, **_):
            seen.append(message.pk)
            if len(seen) == 1:
                raise RuntimeError("mail server away")

        message_received.connect(fail_once)
        self.addCleanup(message_received.disconnect, fail_once)
        with self.assertLogs("django.request", "ERROR"):
            self.assertEqual(self.post(payload()), 500)
        self.assertEqual(IntakeMessage.objects.count(), 0)
        self.assertEqual([self.post(payload()), self.post(payload())], [201, 200])
        self.assertEqual(len(seen), 2)

    def test_only_signed_posts_come_in(self):
        with self.assertLogs("quayside_intake.views", "WARNING") as logs:
            self.assertEqual(self.post(payload(), {}), 401)
        self.assertNotIn("Ada", "".join(logs.output))
        self.assertEqual(Client().get("/intake/messages").status_code, 405)
        self.assertEqual(IntakeMessage.objects.count(), 0)

    def test_the_migration_is_what_the_model_says(self):
        call_command("makemigrations", "quayside_intake", check=True, dry_run=True, verbosity=0)
