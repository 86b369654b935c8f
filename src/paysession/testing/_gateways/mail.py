"""The mail of a provider: what it sends of a sale, and what comes of reading it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, cast

from paysession.errors import InvalidSignature
from paysession.gateways import Notification, Request
from paysession.gateways.requests import Method
from paysession.outcomes import Fact, Pending, Report, Unknown
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.calls import AnyGateway
from paysession.testing._gateways.law import SESSIONS
from paysession.testing._gateways.occasions import MOVES, callable_here, occasion

ON_ITS_WAY: Final = timedelta(seconds=20)
"""As long as a notification may well take."""

UNDECIDED: Final = (Pending, Unknown)
"""What tells no end."""


def sent_of_a_sale(bench: Bench) -> Notification:
    """Sell something; return the last notification by which the provider tells of it."""
    sent = [each for each in unread_of_a_sale(bench) if believed(bench, each)]
    bench.must(bool(sent), "what the provider has sent of a sale", "something that tells", sent)
    return sent[-1]


def unread_of_a_sale(bench: Bench) -> list[Notification]:
    """Sell something; return what is sent of it, if only where it was kept waiting for a while."""
    sent = _sent_when_paid(bench)
    if not sent and bench.knows("keep_pending") and bench.knows("settle"):
        bench.arm("keep_pending", "complete_session" if bench.offers(*SESSIONS) else "charge")
        sent = _sent_when_paid(bench)
    return sent


def _sent_when_paid(bench: Bench) -> list[Notification]:
    earlier = len(bench.all_sent())
    bench.paid(bench.drawn.any_amount())
    return list(bench.all_sent()[earlier:])


def moving_here(bench: Bench) -> list[Method]:
    """Return what moves money here; sessions too that customers pay by themselves: word comes."""
    asked, sessions = callable_here(bench, MOVES), bench.offers(*SESSIONS)
    return [each for each in MOVES if each in asked or (each == "complete_session" and sessions)]


def about_to(bench: Bench, method: Method) -> tuple[Request[Any], int]:
    """
    Return a request that moves money, and how many notifications came before it did.

    They are of what had to happen first, and may be too old by now to be believed.
    """
    before = len(bench.all_sent())
    request = occasion(bench, method, bench.drawn.amount())
    # A customer may have paid by himself before the session is completed.
    return request, before if method == "complete_session" else len(bench.all_sent())


def ends_told(bench: Bench, request: Request[Any], *, but: int) -> list[Fact]:
    """Return how an operation ended, as all notifications tell but so many of the first."""
    return [
        each.fact
        for each in all_told(bench, but=but)
        if each.our_reference == request.operation_id and not isinstance(each.fact, UNDECIDED)
    ]


def all_told(bench: Bench, *, but: int = 0) -> list[Report]:
    """Return what all notifications tell, but so many of the first."""
    return [report for each in bench.all_sent()[but:] for report in believed(bench, each)]


def believed(
    bench: Bench, notification: Notification, *, of: AnyGateway | None = None
) -> tuple[Report, ...]:
    """Return what a notification tells that must be believed."""
    outcome = outcome_of(bench, notification, of=of)
    reports = reports_in(outcome)
    bench.must(reports is not None, "a notification that the provider has sent", "reports", outcome)
    return cast("tuple[Report, ...]", reports)


def outcome_of(bench: Bench, notification: Notification, *, of: AnyGateway | None = None) -> object:
    """Return what reading a notification returns or raises."""
    return bench.raised_by(lambda: bench.read(notification, of=of))


def must_be_refused(
    bench: Bench, notification: Notification, what: str, *, of: AnyGateway | None = None
) -> None:
    """Do nothing if reading it raises InvalidSignature."""
    outcome = outcome_of(bench, notification, of=of)
    bench.one_of(outcome, InvalidSignature, what=f"what comes of {what}")


def reports_in(outcome: object) -> tuple[Report, ...] | None:
    """Return what was read, if something was."""
    if not isinstance(outcome, tuple):
        return None
    reports = cast("tuple[object, ...]", outcome)
    are_reports = all(isinstance(each, Report) for each in reports)
    return cast("tuple[Report, ...]", reports) if are_reports else None


def facts_of(reports: Sequence[Report] | None) -> list[Report]:
    """Return the reports that say more than that something may have happened."""
    return [each for each in reports or () if type(each.fact) is not Unknown]


def is_a_hint(outcome: object) -> bool:
    """Tell whether a notification was refused, or said no more than that something happened."""
    reports = reports_in(outcome)
    return type(outcome) is InvalidSignature or (reports is not None and not facts_of(reports))


def said(reports: Sequence[Report]) -> list[tuple[str | None, Fact]]:
    """Return what reports say, and of which operation; by which id they came is left out."""
    return [(each.our_reference, each.fact) for each in reports]


def gist(fact: Fact) -> tuple[type, object, object]:
    """Return what a fact comes to: its kind, its amount, and why it was refused."""
    amount: object = getattr(fact, "amount", None)
    code: object = getattr(getattr(fact, "failure", None), "code", None)
    return type(fact), amount, code
