"""What providers sign, computed by the letter of RFC 2104, and what they have published."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import attrs

from paysession.gateways import Notification, StandardWebhooks, TimestampedSignature

BLOCK = 64
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STRIPE_SECRET = "whsec_H68eTX02a4bCbiQOOoSAsIytOvuWZrQC"

# The body of the vector in the unit tests of Stripe's library for .NET, version 8.
STRIPE_BODY = b"""\
{
  "id": "evt_1ADKLLLWlyqCpbLp0qRyqExL",
  "object": "event",
  "account": "acct_CONNECT",
  "api_version": "2017-05-25",
  "created": 1493329207,
  "data": {
    "object": {
      "id": "ii_1ACxoELWlyqCpbLpBSzyGWHX",
      "object": "invoiceitem",
      "amount": 1000,
      "currency": "usd",
      "customer": "cus_AY3wPzBBv9DU2H",
      "date": 1493242586,
      "description": "Test Invoice Item",
      "discountable": false,
      "invoice": "in_1ADKLKLWlyqCpbLpMhrRBk7u",
      "livemode": false,
      "metadata": {
        "A": "Value-A",
        "B": "Value-B"
      },
      "period": {
        "start": 1493242586,
        "end": 1493242586
      },
      "plan": null,
      "proration": false,
      "quantity": null,
      "subscription": null
    },
    "previous_attributes": {
      "invoice": null
    }
  },
  "livemode": false,
  "pending_webhooks": 2,
  "request": {
    "id": "req_FAKE",
    "idempotency_key": "placeholder"
  },
  "type": "invoiceitem.updated"
}""".replace(b"\n", b"\r\n")


def code_of(key: bytes, content: bytes) -> bytes:
    """HMAC-SHA256, as RFC 2104 spells it out."""
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in block) + content).digest()
    return hashlib.sha256(bytes(each ^ 0x5C for each in block) + inner).digest()


def standard_signature(secret: str, message_id: str, seconds: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = message_id.encode() + b"." + seconds.encode() + b"." + body
    return "v1," + base64.b64encode(code_of(key, content)).decode()


def stripe_signature(secret: str, seconds: str, body: bytes) -> str:
    return code_of(secret.encode(), seconds.encode() + b"." + body).hex()


@attrs.frozen
class Standard:
    """A notification by Standard Webhooks: the published one, unless something is said."""

    body: bytes = b'{"test": 2432232314}'
    id: str = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    seconds: str = "1614265330"
    signature: str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    verifier = StandardWebhooks([STANDARD_SECRET])
    sent_at = datetime.fromtimestamp(1614265330, UTC)

    def signed(self, *secrets: str) -> Standard:
        """The same with the right signature, by each of the secrets."""
        made = [
            standard_signature(secret, self.id, self.seconds, self.body)
            for secret in secrets or (STANDARD_SECRET,)
        ]
        return attrs.evolve(self, signature=" ".join(made))

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Webhook-Id": self.id,
            "Webhook-Timestamp": self.seconds,
            "Webhook-Signature": self.signature,
        }

    @property
    def notification(self) -> Notification:
        return Notification(self.body, self.headers)


@attrs.frozen
class Stripe:
    """A notification by `t=…,v1=…`: the published one, unless something is said."""

    body: bytes = STRIPE_BODY
    header: str = (
        "t=1493329224,"
        "v1=86390d1392d759addd01dde4cfa5aa14d98a3b6cedd07a4aad73749cee26abe6,"
        "v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef"
    )

    verifier = TimestampedSignature([STRIPE_SECRET])
    sent_at = datetime.fromtimestamp(1493329224, UTC)

    def signed(self, *secrets: str, seconds: str = "1493329224") -> Stripe:
        """The same with the right signature, by each of the secrets."""
        made = [
            f"v1={stripe_signature(secret, seconds, self.body)}"
            for secret in secrets or (STRIPE_SECRET,)
        ]
        return attrs.evolve(self, header=",".join([f"t={seconds}", *made]))

    @property
    def headers(self) -> dict[str, str]:
        return {"Stripe-Signature": self.header}

    @property
    def notification(self) -> Notification:
        return Notification(self.body, self.headers)
