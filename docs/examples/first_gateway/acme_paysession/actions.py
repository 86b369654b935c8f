"""What Acme's word means: an action, as answers, lists and events tell it, is a fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypedDict, TypeGuard

from paysession.errors import MoneyError, PaySessionError
from paysession.gateways import ISO
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Fact,
    Failure,
    FailureCode,
    Pending,
    Profile,
    Redirect,
    References,
    Refunded,
    Report,
    Unknown,
    Unreadable,
    Voided,
)

DECLINES: Final[Mapping[str, FailureCode]] = {
    "amount_too_high": FailureCode.INVALID_AMOUNT,
    "authentication_failed": FailureCode.AUTHENTICATION_FAILED,
    "bank_unreachable": FailureCode.ISSUER_UNAVAILABLE,
    "card_expired": FailureCode.EXPIRED_CARD,
    "card_stolen": FailureCode.LOST_OR_STOLEN,
    "duplicate": FailureCode.DUPLICATE,
    "insufficient_funds": FailureCode.INSUFFICIENT_FUNDS,
    "limit_reached": FailureCode.LIMIT_EXCEEDED,
    "refused_by_bank": FailureCode.DO_NOT_HONOR,
    "suspected_fraud": FailureCode.SUSPECTED_FRAUD,
}
"""What Acme's codes mean; one that is not here is an unknown decline."""

_MONEY: Final = frozenset({"authorized", "captured", "released", "refunded"})
"""What an action is when money has moved by it."""


_ODD: Final = (KeyError, TypeError, PaySessionError)
"""What it comes to when a field is not there, or is nothing that can be believed."""


class _Told(TypedDict):
    """What every fact tells beside its content."""

    references: References
    sequence: int


def is_action(said: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether something is an action, as far as it must be one to be understood."""
    match said:
        case {"id": str(), "type": str(), "status": str(), "intent": str(), "sequence": int()}:
            return True
        case _:
            return False


def report_of(action: object, *, event_id: str | None = None) -> Report:
    """Report an action under our operation's id, which is what Acme echoes, not what we know."""
    fact = fact_of(action)
    ours = action.get("merchant_reference") if is_action(action) else None
    try:
        return Report(fact, our_reference=ours, references=fact.references, id=event_id)
    except _ODD:
        return Report(Unknown("Acme's reference is none of ours"), references=fact.references)


def fact_of(action: object) -> Fact:
    """Say what an action means; what came too late means what happened instead."""
    if not is_action(action):
        return Unknown("this is no action of Acme's")
    if action["status"] == "too_late":
        return fact_of(action.get("instead"))
    try:
        return _fact_of(action, {"references": _references(action), "sequence": action["sequence"]})
    except _ODD:
        return Unknown("Acme tells something odd")


def _fact_of(action: dict[str, Any], told: _Told) -> Fact:
    status = action["status"]
    if status == "declined":
        return _declined(action, told)
    if status in _MONEY:
        return _moved(status, action, told)
    match status:
        case "open":
            page = Redirect(action["page"]) if action.get("page") else None
            secret = {"client_secret": action["client_secret"]}
            return Accepted(client_data=secret, next_action=page, **told)
        case "action_required":
            return ActionRequired(Redirect(action["page"]), **told)
        case "pending":
            return Pending(**told)
        case "canceled":
            return Canceled(**told)
        case "expired":
            return Expired(**told)
        case _:
            return Unknown(f"Acme says {status}", **told)


def _declined(action: dict[str, Any], told: _Told) -> Fact:
    code = str(action["code"])
    if code == "already_released":  # nothing is left to wait for, which is what we asked for
        return _moved("released", action, told)
    kind = DECLINES.get(code, FailureCode.UNKNOWN_DECLINE)
    ends = Ends.OBJECT if action["ends_intent"] else Ends.ATTEMPT
    return Declined(Failure(kind, raw_code=code), ends, **told)


def _moved(status: str, action: dict[str, Any], told: _Told) -> Fact:
    """Say how much moved by Acme's count; an amount that cannot be is for a person to see."""
    units, currency, card = action["amount"], action["currency"], action.get("card")
    try:
        amount = ISO.from_provider(units, currency)
        match status:
            case "authorized":
                return Authorized(amount, profile=_profile(card), **told)
            case "captured":
                return Captured(amount, profile=_profile(card), **told)
            case "released":
                return Voided(amount, **told)
            case _:
                return Refunded(amount, **told)
    except (MoneyError, TypeError):
        return Unreadable(f"{units} {currency}", **told)


def _profile(card: Any) -> Profile | None:  # noqa: ANN401 - whatever stands there
    """Return the card that Acme keeps, if it does; an odd one is no reason to doubt the money."""
    try:
        fields = {each: card[each] for each in ("brand", "last4", "month", "year")}
        return Profile(id=card["token"], **fields)
    except _ODD:
        return None


def _references(action: dict[str, Any]) -> References:
    """Name Acme's ids: an intent is a session until it holds money, and a payment then."""
    intent, own = action["intent"], action["id"]
    match action["type"]:
        case "capture":
            return References.of(authorization=intent, capture=own)
        case "release":
            return References.of(authorization=intent, void=own)
        case "refund":
            return References.of(authorization=intent, refund=own)
        case "charge" | "call_off":
            capture = own if action["status"] == "captured" else None
            return References.of(authorization=intent, capture=capture)
        case "confirm" if action["status"] in _MONEY:
            capture = own if action["status"] == "captured" else None
            return References.of(session=intent, authorization=intent, capture=capture)
        case _:
            return References.of(session=intent)
