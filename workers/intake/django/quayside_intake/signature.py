"""Checks the signature of a delivery: Standard Webhooks, HMAC-SHA256.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac

#: How far a delivery's clock may be off, in seconds. What is older may be a recorded delivery that somebody plays again.
TOLERANCE_SECONDS = 300


class BadSignature(Exception):
    """The delivery did not come from the intake Worker, or not now. The text says why; it is for logs only."""


def parse_keys(text):
    """The signing keys in a setting: one or more, separated by spaces, as the Worker's INTAKE_SIGNING_KEY has them.

    ``whsec_`` and base64, or any other text taken as it is. Two keys are right while one takes the other's place.
    """
    return [_key_bytes(key) for key in (text or "").split()]


def verify(keys, message_id, timestamp, signatures, body, now):
    """Raises BadSignature unless one of the signatures is right by one of the keys and the timestamp is fresh.

    :param keys: what parse_keys gives
    :param timestamp: the header ``webhook-timestamp``, text
    :param signatures: the header ``webhook-signature``: ``v1,<base64>``, several separated by spaces
    :param body: the raw bytes of the request
    :param now: seconds since 1970
    """
    if not keys:
        raise BadSignature("no signing key is set")
    if not message_id or not timestamp or not signatures:
        raise BadSignature("the delivery is not signed")
    # int() would take spaces, signs and underscores too.
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("the timestamp is no number")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignature("the timestamp is more than five minutes off")
    content = f"{message_id}.{timestamp}.".encode() + body
    right = False
    for key in keys:
        expected = hmac.new(key, content, hashlib.sha256).digest()
        for signature in signatures.split():
            version, _, encoded = signature.partition(",")
            if version == "v1":
                # All are compared, so that the time taken does not tell which of them was right.
                right |= hmac.compare_digest(expected, _decode(encoded))
    if not right:
        raise BadSignature("no signature is right by any key")


def _decode(encoded):
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _key_bytes(key):
    return base64.b64decode(key[len("whsec_") :]) if key.startswith("whsec_") else key.encode()
