"""What happens to a delivery, without a framework: signature, replay window, shape, then the message is taken once."""

import datetime
import json
import uuid
from dataclasses import dataclass

from .signature import BadSignature, verify

#: The largest delivery, in bytes: the Worker takes at most 131,072, and JSON may write a character as six.
MAX_BYTES = 1_048_576


@dataclass(frozen=True)
class Message:
    """One message as the Worker delivered it."""

    id: uuid.UUID
    received_at: datetime.datetime
    stack: str
    #: What the sender wrote, by field; for a message with files also ``attachments``.
    fields: dict


@dataclass(frozen=True)
class Answer:
    """What the Worker is told. 2xx: taken; 400, 413, 422: never, as it is; anything else: try again."""

    status: int
    #: For logs; nothing that a sender wrote.
    detail: str


def receive(headers, body, *, keys, take, now):
    """Takes one delivery.

    :param headers: a mapping from lower-case names
    :param body: the raw bytes
    :param keys: signing keys, see signature.parse_keys
    :param take: is called with a Message and gives True when it was new, False when its id is known. It must do so, and
        all that the application does with the message, in one transaction: then a delivery that is repeated, or two that
        arrive at once, have one effect.
    :param now: seconds since 1970
    """
    if len(body) > MAX_BYTES:
        return Answer(413, "the delivery is too large")
    message_id = headers.get("webhook-id", "")
    try:
        verify(
            keys,
            message_id,
            headers.get("webhook-timestamp", ""),
            headers.get("webhook-signature", ""),
            body,
            now,
        )
    except BadSignature as problem:
        return Answer(401, str(problem))
    try:
        message = _parse(body)
    except (ValueError, KeyError, TypeError) as problem:
        return Answer(400, f"the delivery has another shape: {type(problem).__name__}")
    # The id is signed as a header and again as a part of the body; two that differ are nobody's message.
    if str(message.id) != message_id.lower():
        return Answer(400, "webhook-id is not the message's id")
    return Answer(201, "taken") if take(message) else Answer(200, "known")


def _parse(body):
    data = json.loads(body)
    fields = data["message"]
    if not isinstance(fields, dict) or not isinstance(data["stack"], str):
        raise TypeError("message or stack")
    received_at = datetime.datetime.fromisoformat(data["receivedAt"].replace("Z", "+00:00"))
    if received_at.tzinfo is None:
        raise ValueError("receivedAt has no time zone")
    return Message(uuid.UUID(data["id"]), received_at, data["stack"], fields)
