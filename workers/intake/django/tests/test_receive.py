import json
import sqlite3
import threading
import unittest

from quayside_intake.receive import MAX_BYTES, receive
from quayside_intake.signature import parse_keys

from .deliveries import ID, KEY, NOW, headers, payload


class Inbox:
    """An application with one table, where the id decides what is new."""

    def __init__(self):
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute("CREATE TABLE messages (id TEXT PRIMARY KEY, fields TEXT NOT NULL)")
        self.lock = threading.Lock()

    def take(self, message):
        with self.lock, self.database:
            cursor = self.database.execute(
                "INSERT INTO messages VALUES (?, ?) ON CONFLICT DO NOTHING",
                (str(message.id), json.dumps(message.fields)),
            )
            return cursor.rowcount == 1

    def messages(self):
        return [json.loads(fields)["message"] for (fields,) in self.database.execute("SELECT fields FROM messages")]


class ReceiveTest(unittest.TestCase):
    def setUp(self):
        self.inbox = Inbox()
        self.addCleanup(self.inbox.database.close)

    def deliver(self, body, head=None, now=NOW, keys=KEY):
        return receive(
            headers(body) if head is None else head, body, keys=parse_keys(keys), take=self.inbox.take, now=now
        ).status

    def test_a_message_is_taken_once_however_often_it_is_delivered(self):
        statuses = [self.deliver(payload(), headers(payload(), timestamp=NOW + n), now=NOW + n) for n in range(3)]
        self.assertEqual(statuses, [201, 200, 200])
        self.assertEqual(self.inbox.messages(), ["Ahoj, ein Platz für 90 m?"])

    def test_two_deliveries_at_once_are_one_message(self):
        statuses = []
        threads = [threading.Thread(target=lambda: statuses.append(self.deliver(payload()))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [200] * 7 + [201])

    def test_a_recorded_delivery_is_refused_and_leaves_nothing(self):
        self.assertEqual(self.deliver(payload(), now=NOW + 3600), 401)
        self.assertEqual(self.inbox.messages(), [])

    def test_unsigned_and_foreign_deliveries_are_refused(self):
        self.assertEqual(self.deliver(payload(), {}), 401)
        self.assertEqual(self.deliver(payload(), headers(payload(), key=b"guessed")), 401)
        self.assertEqual(self.deliver(payload(), keys=""), 401)
        self.assertEqual(self.inbox.messages(), [])

    def test_what_is_signed_and_of_another_shape_is_never_tried_again(self):
        for body in (b"", b"[]", b"{}", b'{"id": 1}', payload().replace(b"2026-11-23T", b"yesterday")):
            with self.subTest(body):
                self.assertEqual(self.deliver(body), 400)
        self.assertEqual(self.deliver(payload("00000000-0000-0000-0000-000000000000")), 400)
        self.assertEqual(self.deliver(b"x" * (MAX_BYTES + 1)), 413)
        self.assertEqual(self.inbox.messages(), [])

    def test_an_error_of_the_application_is_not_swallowed(self):
        def take(_message):
            raise RuntimeError("the database is away")

        with self.assertRaises(RuntimeError):
            receive(headers(payload(), ID), payload(), keys=parse_keys(KEY), take=take, now=NOW)
