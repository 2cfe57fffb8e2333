"""Deliveries as the Worker makes them, for the tests."""

import base64
import hashlib
import hmac
import json

KEY = "whsec_cXVheXNpZGUtdGVzdC1rZXktMDAwMQ=="
KEY_BYTES = b"quayside-test-key-0001"
NOW = 1_800_000_000
ID = "5e0a2f6c-8f2b-4c1e-9a57-0c6f2f4f9f10"


def payload(message_id=ID, **fields):
    message = {"name": "Ada Keel", "email": "ada@example.org", "topic": "berth", "message": "Ahoj, ein Platz für 90 m?"}
    return json.dumps(
        {
            "id": message_id,
            "receivedAt": "2026-11-23T08:15:00.000Z",
            "stack": "prod",
            "message": {**message, **fields},
        },
        ensure_ascii=False,
    ).encode()


def sign(body, message_id=ID, timestamp=NOW, key=KEY_BYTES):
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def headers(body, message_id=ID, timestamp=NOW, key=KEY_BYTES):
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(body, message_id, timestamp, key),
    }
