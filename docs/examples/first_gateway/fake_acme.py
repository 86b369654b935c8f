"""
Acme, a payment provider in memory: what stands in for its sandbox in the tests.

Of an HTTP client it takes the place, and of a provider it has what matters: books of its own,
idempotency keys, a signature under what it tells by itself, and troubles, which a test asks for.
Amounts are whole numbers of the currency's minor unit. Each call is made with an API key, and
each POST with an idempotency key and a `merchant_reference`:

    POST /intents               open      something to be paid
    POST /intents/ID            update    its amount
    POST /intents/ID/confirm    confirm   hold or take the money
    POST /intents/ID/cancel     cancel    let nobody pay it any more
    POST /charges               charge    a kept card, with nobody there
    POST /intents/ID/capture    capture   take some of what is held
    POST /intents/ID/release    release   some of what is held
    POST /intents/ID/refund     refund    some of what was taken
    POST /refunds/ID/cancel     call_off  a refund that is pending
    GET  /actions/REFERENCE     list      what was made under a merchant reference

A POST is answered with an *action*: what became of the call, in one form for all of them. An
action that came too late tells what happened to the intent `instead`. An error is
`{"error": {"code": …}}`, and nothing has happened.
"""

from __future__ import annotations

import json as json_format
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Event, RLock
from typing import Any
from urllib.parse import unquote

import attrs

from paysession.gateways import Notification, StandardWebhooks


class Trouble(StrEnum):
    """What can happen to a call beside what it asks for."""

    DECLINE = "it is declined, with a code"
    REJECT = "it is found malformed"
    LESS = "half of the amount moves"
    WAIT = "it is decided later"
    ACT = "the customer must act first"
    REFUSE = "there is no connection"
    LOSE = "it is lost on its way"
    LOSE_ANSWER = "its answer is lost"
    GARBLE = "its answer is the page of a proxy"
    CONVERT = "its answer is in another currency"
    HANG = "nothing comes back, and nothing happens"


@attrs.define(eq=False)
class Intent:
    """Something to be paid; the four sums of its money only ever grow."""

    id: str
    amount: int
    currency: str
    asked: Mapping[str, Any]
    end: Action | None = None
    held: int = 0
    taken: int = 0
    released: int = 0
    given_back: int = 0

    @property
    def left(self) -> int:
        """What is held still: neither taken nor released."""
        return self.held - self.taken - self.released

    def is_over(self, now: datetime) -> bool:
        """Whether its time has run out before anything came of it."""
        until = self.asked.get("expires_at")
        return self.end is None and until is not None and datetime.fromisoformat(until) <= now

    @property
    def card(self) -> dict[str, object]:
        """The card that it was paid with, kept to be charged again."""
        kept = {"token": f"card_{self.id}", "brand": "visa", "last4": "4242"}
        return {**kept, "month": 12, "year": 2034}

    def printed(self) -> dict[str, object]:
        """What an action tells of the intent that it is about."""
        page = f"https://pay.example/{self.id}"
        return {
            "intent": self.id,
            "client_secret": f"{self.id}_secret_5f2c",
            "page": page if self.asked.get("hosted") else None,
        }


@attrs.define(eq=False)
class Action:
    """What became of a call, or of something that Acme did by itself."""

    id: str
    type: str
    intent: Intent
    asked: Mapping[str, Any]
    amount: int
    status: str = "new"
    code: str | None = None
    sequence: int = 0
    instead: Action | None = None
    refund: Action | None = None

    def printed(self) -> dict[str, object]:
        """How it is written in answers, lists and events."""
        told: dict[str, object] = {
            "id": self.id,
            "type": self.type,
            "status": self.status,
            "sequence": self.sequence,
            "merchant_reference": self.asked.get("merchant_reference"),
            **self.intent.printed(),
            "amount": self.amount,
            "currency": self.intent.currency,
        }
        if self.status == "declined":
            told["code"], told["ends_intent"] = self.code, self.intent.end is self
        if self.status == "action_required":
            told["page"] = f"https://pay.example/challenge/{self.id}"
        if self.intent.asked.get("keep_card") and self.intent.end is self:
            told["card"] = self.intent.card
        if self.instead is not None:
            told["instead"] = self.instead.printed()
        return told

    def flaw(self) -> str | None:
        """Why its amount cannot move, or its intent is no longer to be changed."""
        intent = self.intent
        is_gone = intent.left == 0 and self.amount <= intent.released
        match self.type:
            case "update" if intent.end is not None:
                return "intent_closed"
            case "release" if is_gone:
                return "already_released"
            case "capture" | "release" if self.amount > intent.left:
                return "amount_too_high"
            case "refund" if self.amount > intent.taken - intent.given_back:
                return "amount_too_high"
            case "call_off" if self.refund is None or self.refund.status != "pending":
                return "refund_not_pending"
            case _:
                return None


@attrs.frozen
class Call:
    """A request as it arrived: what it asks for, what its path names, and its body."""

    kind: str
    name: str
    json: Mapping[str, Any]


_CLOSING = frozenset({"suspected_fraud"})
"""The codes that end an intent together with the attempt to pay it."""

_UNTOLD = frozenset({"open", "update", "call_off"})
"""What Acme sends no event about."""

_Answer = tuple[int, bytes]


class FakeAcme:
    """
    One merchant account at Acme, for a test.

    Args:
        api_key: What the merchant calls with.
        webhook_secret: What events are signed with.
    """

    def __init__(self, *, api_key: str, webhook_secret: str) -> None:
        self._api_key = api_key
        self._webhook_secret = webhook_secret
        self._lock = RLock()
        self._time_passed = timedelta(0)
        self._count = 0
        self._intents: dict[str, Intent] = {}
        self._actions: dict[str, Action] = {}
        self._answers: dict[str, tuple[Call, _Answer]] = {}
        self._troubles: list[tuple[str, Trouble, str]] = []
        self._events: list[bytes] = []

    # What a merchant's server sees.

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        json: Mapping[str, object] | None = None,
        timeout_seconds: float | None = None,
    ) -> tuple[int, bytes]:
        """
        Take one request, and answer its status and body.

        Raises:
            ConnectionRefusedError: Nobody took it.
            TimeoutError: Nobody knows whether it was taken.
        """
        call = _routed(method, path, json or {})
        trouble, code = self._trouble_of(call)
        if trouble is Trouble.REFUSE:
            raise ConnectionRefusedError(f"no route to Acme, with {headers}")
        if trouble is Trouble.HANG and timeout_seconds is None:
            Event().wait()
        if trouble in {Trouble.HANG, Trouble.LOSE}:
            raise TimeoutError(f"no answer to {headers}")
        with self._lock:
            answer = self._answered(call, headers, trouble, code)
        if trouble is Trouble.LOSE_ANSWER:
            raise TimeoutError(f"no answer to {headers}")
        if trouble is Trouble.GARBLE:
            return 200, b"<html>Bad gateway"
        return _converted(answer) if trouble is Trouble.CONVERT else answer

    # What a test does.

    def on_next(self, call: str, trouble: Trouble, *, code: str = "") -> None:
        """Let something happen to the next call of this kind; a decline has a code."""
        self._troubles.append((call, trouble, code))

    def customer_acts(self, intent: str) -> None:
        """Let the customer do what an action of this intent waits for."""
        for action in self._waiting("action_required", intent=intent):
            self._perform(action)

    def settle(self, *, succeed: bool) -> None:
        """Decide all that is pending."""
        for action in self._waiting("pending"):
            if succeed:
                self._perform(action)
            else:
                self._decline(action, "bank_unreachable")

    def total(self, kind: str, currency: str) -> int:
        """All that was ever `held`, `taken`, `released` or `given_back`, in minor units."""
        intents = self._intents.values()
        return sum(getattr(each, kind) for each in intents if each.currency == currency)

    def events(self) -> Sequence[Notification]:
        """Return what Acme has sent to the webhook since this was last asked."""
        sent, self._events = self._events, []
        return [self.signed(body, self._webhook_secret) for body in sent]

    def signed(self, body: bytes, *secrets: str) -> Notification:
        """Sign bytes as Acme does, with each of the secrets, and now."""
        self._count += 1
        webhooks = StandardWebhooks(secrets)
        return Notification(body, webhooks.sign(body, id=f"msg_{self._count}", at=self.now()))

    def now(self) -> datetime:
        """Return the instant, as Acme's clock tells it."""
        return datetime.now(UTC) + self._time_passed

    def pass_time(self, time: timedelta) -> None:
        """Move the clock, and end what is over by then."""
        self._time_passed += time
        for intent in self._intents.values():
            if intent.is_over(self.now()):
                self._turn(self._new_action("expire", intent, {}, intent.amount), "expired")

    # What goes on inside.

    def _trouble_of(self, call: Call) -> tuple[Trouble | None, str]:
        """Return what was asked for first of those troubles that are for this kind of call."""
        with self._lock:
            for armed in self._troubles:
                if armed[0] == call.kind:
                    self._troubles.remove(armed)
                    return armed[1:]
        return None, ""

    def _answered(
        self, call: Call, headers: Mapping[str, str], trouble: Trouble | None, code: str
    ) -> _Answer:
        """Answer a call; one with the key of an earlier one, as that was answered."""
        if headers.get("Authorization") != f"Bearer {self._api_key}":
            return _error(401, "unauthenticated")
        if call.kind == "list":
            return 200, _bytes({"actions": [each.printed() for each in self._under(call.name)]})
        key = headers["Idempotency-Key"]
        if key not in self._answers:
            self._answers[key] = call, self._made(call, trouble, code)
        first, answer = self._answers[key]
        return answer if first == call else _error(409, "idempotency_key_reused")

    def _made(self, call: Call, trouble: Trouble | None, code: str) -> _Answer:
        """Make an action of a call, if it is a sound one, and let happen what is to happen."""
        refund = self._actions.get(call.name)
        intent = refund.intent if refund else self._intents.get(call.name)
        if call.kind in {"open", "charge"}:
            intent = self._new_intent(call)
        if intent is None:
            return _error(404, "not_found")
        amount = call.json.get("amount", intent.amount)
        if trouble is Trouble.REJECT or amount <= 0:
            return _error(422, "malformed")
        if call.json.get("currency", intent.currency) != intent.currency:
            return _error(422, "currency_mismatch")
        if call.kind == "confirm" and amount != intent.amount:
            return _error(422, "amount_mismatch")
        self._intents[intent.id] = intent
        action = self._new_action(call.kind, intent, call.json, amount, refund)
        self._decide(action, trouble, code)
        return 402 if action.status == "declined" else 200, _bytes(action.printed())

    def _new_intent(self, call: Call) -> Intent:
        self._count += 1
        return Intent(f"in_{self._count}", call.json["amount"], call.json["currency"], call.json)

    def _new_action(
        self,
        kind: str,
        intent: Intent,
        asked: Mapping[str, Any],
        amount: int,
        refund: Action | None = None,
    ) -> Action:
        self._count += 1
        action = Action(f"ac_{self._count}", kind, intent, asked, amount, refund=refund)
        self._actions[action.id] = action
        return action

    def _decide(self, action: Action, trouble: Trouble | None, code: str) -> None:
        action.instead = self._standing(action)
        if action.instead is not None:
            action.status = "too_late"
        elif trouble is Trouble.DECLINE:
            self._decline(action, code)
        elif trouble is Trouble.WAIT:
            self._turn(action, "pending")
        elif trouble is Trouble.ACT:
            self._turn(action, "action_required")
        else:
            if trouble is Trouble.LESS:
                action.amount //= 2
            self._perform(action)

    def _standing(self, action: Action) -> Action | None:
        """Return what came of an intent already, or what waits in it."""
        intent = action.intent
        if action.type == "confirm":
            waiting = self._waiting("pending", "action_required", intent=intent.id)
            return intent.end or next((each for each in waiting if each.type == "confirm"), None)
        return intent.end if action.type == "cancel" else None

    def _perform(self, action: Action) -> None:
        """Do what an action is for, if that can be done."""
        intent = action.intent
        waiting = self._waiting("pending", "action_required", intent=intent.id)
        is_in_use = action.type == "update" and any(each.type == "confirm" for each in waiting)
        flaw = "intent_in_use" if is_in_use else action.flaw()
        if flaw is not None:
            self._decline(action, flaw)
            return
        match action.type:
            case "open" | "update":
                intent.amount = action.amount
                self._turn(action, "open")
            case "confirm" | "charge":
                self._pay(action)
            case "cancel":
                self._cancel(action)
            case "capture":
                intent.taken += action.amount
                intent.released += intent.left if action.asked["is_final"] else 0
                self._turn(action, "captured")
            case "release":
                intent.released += action.amount
                self._turn(action, "released")
            case "refund":
                intent.given_back += action.amount
                self._turn(action, "refunded")
            case "call_off" if action.refund is not None:
                self._turn(action.refund, "canceled")
                self._turn(action, "canceled")

    def _pay(self, action: Action) -> None:
        """Hold the money, and take it at once if that was asked for."""
        intent, is_automatic = action.intent, action.intent.asked["capture"] == "automatic"
        intent.held += action.amount
        intent.taken += action.amount if is_automatic else 0
        intent.end = action
        self._turn(action, "captured" if is_automatic else "authorized")

    def _cancel(self, action: Action) -> None:
        """Close an intent, and what waits in it."""
        for waiting in self._waiting("pending", "action_required", intent=action.intent.id):
            self._turn(waiting, "canceled")
        action.intent.end = action
        self._turn(action, "expired" if action.asked["reason"] == "expired" else "canceled")

    def _decline(self, action: Action, code: str) -> None:
        if code in _CLOSING and action.type == "confirm":
            action.intent.end = action
        action.code = code
        self._turn(action, "declined")

    def _turn(self, action: Action, status: str) -> None:
        """Let an action be of another status, and tell so."""
        self._count += 1
        action.status, action.sequence = status, self._count
        if status == "expired":
            action.intent.end = action
        if action.type not in _UNTOLD:
            event = {"id": f"ev_{self._count}", "type": "action", "action": action.printed()}
            self._events.append(_bytes(event))

    def _under(self, merchant_reference: str) -> Iterator[Action]:
        for action in self._actions.values():
            if action.asked.get("merchant_reference") == merchant_reference:
                yield action

    def _waiting(self, *statuses: str, intent: str | None = None) -> list[Action]:
        actions = [each for each in self._actions.values() if each.status in statuses]
        return [each for each in actions if intent in {None, each.intent.id}]


def _routed(method: str, path: str, json: Mapping[str, Any]) -> Call:
    match [method, *map(unquote, path.strip("/").split("/"))]:
        case ["POST", "intents"]:
            return Call("open", "", json)
        case ["POST", "charges"]:
            return Call("charge", "", json)
        case ["POST", "intents", name]:
            return Call("update", name, json)
        case ["POST", "intents", name, kind]:
            return Call(kind, name, json)
        case ["POST", "refunds", name, "cancel"]:
            return Call("call_off", name, json)
        case ["GET", "actions", name]:
            return Call("list", name, json)
        case _:
            raise ValueError(f"Acme has no {method} {path}")


def _error(status: int, code: str) -> _Answer:
    return status, _bytes({"error": {"code": code}})


def _converted(answer: _Answer) -> _Answer:
    status, body = answer
    said = json_format.loads(body)
    said["currency"] = "EUR" if said["currency"] == "USD" else "USD"
    return status, _bytes(said)


def _bytes(content: object) -> bytes:
    return json_format.dumps(content, separators=(",", ":")).encode()
