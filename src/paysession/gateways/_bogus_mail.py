"""
How the in-memory provider tells by itself: signed JSON, as Standard Webhooks specifies.

A notification holds one event, or several. An event is about something with an id, may name
our operation, and says what happened:

    {"events": [{
        "id": "bogus_evt_1",
        "type": "payment.captured",
        "operation": "cap_1",
        "ids": [["capture", "bogus_cap_1"]],
        "what": {"amount": {"value": "50.00", "currency": "USD"}}
    }]}

A provider that does not sign facts leaves out everything but the id of the event and of the
session or charge: its notifications are hints.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, cast

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.sources import Profile
from paysession._money import Money
from paysession.errors import MoneyError, PaySessionError, UnreadableNotification
from paysession.gateways._strict_json import read_json
from paysession.gateways.notifications import Notification, StandardWebhooks
from paysession.outcomes import (
    Approved,
    AuthorizationChanged,
    AuthorizationLapsed,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    DisputeChanged,
    Ends,
    Expired,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    Pending,
    Reference,
    ReferenceChanged,
    ReferenceRole,
    References,
    Refunded,
    Report,
    Retaken,
    Stored,
    Totals,
    Unknown,
    Unreadable,
    Voided,
)

_FACTS: Final[Mapping[str, Callable[..., Fact]]] = MappingProxyType(
    {
        "session.approved": Approved,
        "session.canceled": Canceled,
        "session.expired": Expired,
        "source.stored": Stored,
        "call.pending": Pending,
        "call.declined": Declined,
        "payment.authorized": Authorized,
        "payment.captured": Captured,
        "payment.voided": Voided,
        "payment.refunded": Refunded,
        "payment.bounced": Bounced,
        "payment.retaken": Retaken,
        "payment.renamed": ReferenceChanged,
        "payment.totals": Totals,
        "payment.unreadable": Unreadable,
        "authorization.changed": AuthorizationChanged,
        "authorization.lapsed": AuthorizationLapsed,
        "dispute.changed": DisputeChanged,
        "dispute.funds_withdrawn": FundsWithdrawn,
        "dispute.funds_reinstated": FundsReinstated,
    }
)
_TYPES: Final[Mapping[object, str]] = MappingProxyType(
    {fact: name for name, fact in _FACTS.items()}
)

_HINT: Final = Unknown("the provider says no more than that something happened")


def is_told(fact: Fact) -> bool:
    """Whether a provider sends word of it: of a session that was opened, it does not."""
    return type(fact) in _TYPES or isinstance(fact, Unknown)


@attrs.define(eq=False)
class Outbox:
    """
    What is to be sent, and what was.

    Attributes:
        webhooks: Signs it.
        signs_facts: Whether it says what happened, or hints only.
    """

    webhooks: StandardWebhooks
    signs_facts: bool = attrs.field(kw_only=True)
    _ready: list[Report] = attrs.field(factory=list[Report], init=False)
    _sent: list[Report] = attrs.field(factory=list[Report], init=False)
    _count: int = attrs.field(default=0, init=False)

    def post(self, report: Report, *, about: References) -> None:
        """Send word of something that has happened, as soon as somebody takes it."""
        if not self.signs_facts:
            report = Report(_HINT, references=References(about.entries[:1]))
        self._ready.append(self._numbered(report))

    def take(self, *, at: datetime) -> tuple[Notification, ...]:
        """Return one notification for each event, in order, sent now."""
        return tuple(self._sealed([report], at=at) for report in self._taken())

    def take_together(self, *, at: datetime) -> tuple[Notification, ...]:
        """Return one notification for all events, if there are any, sent now."""
        reports = self._taken()
        return (self._sealed(reports, at=at),) if reports else ()

    def again(self) -> None:
        """Send all that was sent once more, as if nobody had confirmed it."""
        self._ready += self._sent
        self._sent = []

    def anew(self) -> None:
        """Send all that was sent once more, as events of their own."""
        self._ready += map(self._numbered, self._sent)

    def _numbered(self, report: Report) -> Report:
        self._count += 1
        return attrs.evolve(report, id=f"bogus_evt_{self._count}")

    def _taken(self) -> list[Report]:
        taken, self._ready = self._ready, []
        self._sent += taken
        return taken

    def _sealed(self, reports: list[Report], *, at: datetime) -> Notification:
        events = [_written_report(report) for report in reports]
        body = json.dumps({"events": events}, ensure_ascii=False).encode()
        return Notification(body, self.webhooks.sign(body, id=str(reports[0].id), at=at))


def _written_report(report: Report) -> dict[str, object]:
    hint = {"id": report.id, "ids": _written(report.references)}
    if isinstance(report.fact, Unknown):
        return hint
    return {
        **hint,
        "type": _TYPES[type(report.fact)],
        "operation": report.our_reference,
        "what": _written_fields(report.fact),
    }


def _written_fields(value: object) -> dict[str, object]:
    fields: Iterable[attrs.Attribute[object]] = attrs.fields(cast("Any", type(value)))
    values = {field.name: getattr(value, field.name) for field in fields}
    return {name: _written(each) for name, each in values.items() if each is not None}


def _written(value: object) -> object:
    match value:
        case Money():
            return {"value": str(value.amount), "currency": value.currency.code}
        case References():
            return [[each.role.value, each.id] for each in value]
        case Failure() | Profile():
            return _written_fields(value)
        case datetime():
            return value.isoformat()
        case _:
            return value


def reports_in(notification: Notification) -> tuple[Report, ...]:
    """
    Read a notification that was verified.

    Raises:
        UnreadableNotification: It is not what this provider writes.
    """
    reports = _read(read_json(notification))
    if reports is None:
        raise UnreadableNotification("it is not what the provider is known to write")
    return reports


def _read(said: Mapping[str, Any]) -> tuple[Report, ...] | None:
    try:
        return tuple(_report(event) for event in said["events"])
    except (AttributeError, LookupError, TypeError, ValueError, PaySessionError):
        return None


def _report(event: Mapping[str, Any]) -> Report:
    return Report(
        _fact(event) if "type" in event else _HINT,
        our_reference=event.get("operation"),
        references=_references(event["ids"]),
        id=event["id"],
    )


def _fact(event: Mapping[str, Any]) -> Fact:
    """Read what happened; an amount that its currency cannot hold is left to a person."""
    said = event["what"]
    references = _references(said.get("references", ()))
    try:
        read = {name: _READERS[name](value) for name, value in said.items()}
        return _FACTS[event["type"]](**read)
    except MoneyError:
        written = said["amount"]
        return Unreadable(f"{written['value']} {written['currency']}", references=references)


def _money(said: Mapping[str, Any]) -> Money:
    return Money(said["value"], said["currency"])


def _references(said: Iterable[tuple[str, str]]) -> References:
    return References(tuple(Reference(ReferenceRole(role), id_) for role, id_ in said))


def _failure(said: Mapping[str, Any]) -> Failure:
    return Failure(**{**said, "code": FailureCode(said["code"])})


def _profile(said: Mapping[str, Any]) -> Profile:
    return Profile(**said)


def _as_it_is(said: object) -> object:
    return said


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "amount": _money,
        "captured": _money,
        "refunded": _money,
        "occurred_at": datetime.fromisoformat,
        "expires_at": datetime.fromisoformat,
        "respond_by": datetime.fromisoformat,
        "references": _references,
        "failure": _failure,
        "profile": _profile,
        "ends": Ends,
        "former": _as_it_is,
        "raw": _as_it_is,
        "reason": _as_it_is,
        "sequence": _as_it_is,
        "status": _as_it_is,
    }
)
