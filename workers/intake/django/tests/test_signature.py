import unittest

from quayside_intake.signature import BadSignature, parse_keys, verify

from .deliveries import ID, KEY, KEY_BYTES, NOW, payload, sign

BODY = payload()


def check(keys=KEY, message_id=ID, timestamp=str(NOW), signatures=None, body=BODY, now=NOW):
    verify(parse_keys(keys), message_id, timestamp, sign(BODY) if signatures is None else signatures, body, now)


class SignatureTest(unittest.TestCase):
    def test_what_the_worker_signed_passes(self):
        check()

    def test_the_example_of_the_workers_own_test_passes(self):
        # The same text as in workers/intake/src/signature.test.ts, signed there by node:crypto.
        body = '{"ü":1}'.encode()
        signature = sign(body, "id-1", 1_800_000_000, b"a key of some length")
        verify([b"a key of some length"], "id-1", "1800000000", signature, body, NOW)

    def test_any_change_is_found(self):
        for change in (
            {"body": BODY + b" "},
            {"message_id": "5e0a2f6c-8f2b-4c1e-9a57-0c6f2f4f9f11"},
            {"timestamp": str(NOW + 1)},
            {"signatures": sign(BODY, key=b"another key")},
            {"signatures": sign(BODY).replace("v1,", "v2,")},
            {"signatures": "v1,"},
            {"signatures": "v1,not base64!"},
        ):
            with self.subTest(change), self.assertRaises(BadSignature):
                check(**change)

    def test_a_delivery_can_be_replayed_for_five_minutes_and_no_longer(self):
        for off in (-300, 0, 300):
            check(now=NOW + off)
        for off in (-301, 301, 86_400):
            with self.subTest(off), self.assertRaisesRegex(BadSignature, "five minutes"):
                check(now=NOW + off)

    def test_a_timestamp_is_digits_only(self):
        for timestamp in ("", "now", "1_800_000_000", " 1800000000", "+1800000000", "१८००००००००", "1" * 400):
            with self.subTest(timestamp), self.assertRaises(BadSignature):
                check(timestamp=timestamp)

    def test_a_key_can_be_changed_without_a_gap(self):
        old, new = sign(BODY), sign(BODY, key=b"new-key")
        # The Worker signs with both; a receiver that knows either of them, or both, takes it.
        for keys in (KEY, "new-key", f"new-key {KEY}"):
            check(keys=keys, signatures=f"{new} {old}")
        # The receiver knows both; the Worker signs with either.
        for signatures in (old, new):
            check(keys=f"new-key {KEY}", signatures=signatures)
        with self.assertRaises(BadSignature):
            check(keys="new-key", signatures=old)

    def test_nothing_passes_without_a_key_or_a_signature(self):
        for change in ({"keys": ""}, {"keys": None}, {"signatures": ""}, {"message_id": ""}):
            with self.subTest(change), self.assertRaises(BadSignature):
                check(**change)

    def test_keys_are_whsec_or_plain_text(self):
        self.assertEqual(parse_keys(f"  {KEY}   plain "), [KEY_BYTES, b"plain"])
