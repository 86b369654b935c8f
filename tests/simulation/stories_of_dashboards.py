"""
Stories of what is done to a payment at its provider though nobody here asked for it.

At a dashboard, by a bank, by a customer's dispute, by time; and of what is only found because
settled money is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias

from adapters import Ailment
from shop import Arrival, Decide, Do, Falls, Later, Mail, Occurs, Story, is_refusal
from stories_of_notifications import AUTOMATIC, MANUAL, WAYS, bought
from telling import ONCE, Tale, Telling, named, usd

from paysession import CapturePolicy
from paysession.gateways import Capabilities

Event: TypeAlias = tuple[str, Mapping[str, Any]]
OF_DISPUTES: Final = frozenset({"change_dispute", "withdraw", "reinstate"})


def happens(
    events: Iterable[Event],
    arrival: Arrival,
    *,
    policy: CapturePolicy = CapturePolicy.AUTOMATIC,
    script: Mapping[str, str] | None = None,
    commands: Iterable[tuple[str, Mapping[str, Any]]] = (),
) -> Story:
    """Things happen to a payment at the provider that nobody of us asked for."""

    def story() -> Telling:
        session = yield from bought(script or {}, policy=policy)
        if is_refusal(session) or session.payment_id is None:
            return
        for command, kwargs in commands:
            yield Do(command, (session.payment_id,), dict(kwargs))
        dispute = None
        for event, given in events:
            of = dispute if event in OF_DISPUTES and dispute else session.external_id
            came_of_it = yield Occurs(event, (of,), dict(given))
            dispute = came_of_it if event == "dispute" else dispute
        yield Mail(arrival)
        yield Do("recover")
        for each in (yield Do("disputes_of", (session.payment_id,))):
            yield Do("get_dispute", (each.id,))
        yield Do("statement", (session.id,))

    return story


def comes_undone(command: str, *events: str, arrival: Arrival) -> Story:
    """A movement comes undone days later, and is made again perhaps."""

    def story() -> Telling:
        is_capture = command == "capture"
        policy = CapturePolicy.MANUAL if is_capture else CapturePolicy.AUTOMATIC
        session = yield from bought({}, policy=policy)
        movement = yield Do(command, (session.payment_id,), {"amount": usd("60.00")})
        yield Later(timedelta(days=2))
        for event in events:
            yield Occurs(event, (movement.id,))
        yield Mail(arrival)
        yield Do(f"get_{command}", (movement.id,))

    return story


def is_made_by_hand_meanwhile(command: str, script: Mapping[str, str]) -> Story:
    """Our call has no answer, and somebody does the same at the dashboard."""

    def story() -> Telling:
        is_refund = command == "refund"
        policy = CapturePolicy.AUTOMATIC if is_refund else CapturePolicy.MANUAL
        session = yield from bought(script, policy=policy)
        amount = {"amount": usd("40.00")}
        movement = yield Do(command, (session.payment_id,), amount)
        if is_refusal(movement):
            return
        yield Occurs(command, (session.external_id,), amount)
        yield Mail()
        yield Later(timedelta(hours=1))
        yield Decide(True)
        yield Do("recover")
        yield Mail()
        yield Later(timedelta(hours=1))
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def looks_again(*events: Event) -> Story:
    """Nobody tells what happened to a payment, but it is looked at again on a schedule."""

    def story() -> Telling:
        session = yield from bought({}, policy=CapturePolicy.AUTOMATIC)
        refund = yield Do("refund", (session.payment_id,), {"amount": usd("10.00")})
        if is_refusal(refund):
            return
        for event, given in events:
            of = refund.id if event == "bounce" else session.external_id
            yield Occurs(event, (of,), dict(given))
        yield Later(timedelta(hours=2))
        yield Do("recover")
        yield Falls(Ailment.DEAF)
        yield Later(timedelta(days=2))
        yield Do("recover")
        yield Falls()
        yield Later(timedelta(days=2))
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


SCHEDULE: Final = Capabilities(
    look_up_is_authoritative=True,
    recheck_schedule=(timedelta(hours=1), timedelta(days=1), timedelta(days=3)),
)


def of(amount: str) -> Mapping[str, Any]:
    return {"amount": usd(amount)}


def stands(status: str) -> Event:
    return "change_dispute", {"status": status}


HELD: Final[Mapping[str, tuple[Event, ...]]] = {
    "captured": (("capture", {}),),
    "captured in parts": (("capture", of("40.00")), ("capture", of("30.00"))),
    "captured and given back": (("capture", {}), ("refund", {})),
    "released": (("void", {}),),
    "released in parts": (("void", of("40.00")), ("void", of("30.00"))),
    "lapsed": (("lapse", {}),),
    "lapsed in part": (("lapse", of("10.00")), ("capture", of("100.00"))),
    "raised": (("change_authorization", of("110.01")),),
    "lowered": (("change_authorization", of("90.00")),),
    "raised and lapsed": (("change_authorization", of("110.01")), ("lapse", {})),
}
"""What may happen to money that is held."""

LOST_MONEY: Final = of("60.00")
TAKEN: Final[Mapping[str, tuple[Event, ...]]] = {
    "refunded": (("refund", {}),),
    "refunded in parts": (("refund", of("40.00")), ("refund", of("30.00"))),
    "inquired": (("dispute", {"status": "inquiry"}), stands("closed")),
    "disputed": (("dispute", {}), ("withdraw", {})),
    "disputed and won": (
        ("dispute", {}),
        ("withdraw", {}),
        stands("under_review"),
        stands("won"),
        ("reinstate", {}),
    ),
    "disputed and lost": (("dispute", {}), ("withdraw", {}), stands("lost")),
    "disputed in part and lost": (
        ("dispute", LOST_MONEY),
        ("withdraw", LOST_MONEY),
        stands("lost"),
    ),
    "disputed, lost and appealed": (
        ("dispute", {}),
        ("withdraw", {}),
        stands("lost"),
        stands("under_review"),
        stands("won"),
        ("reinstate", {}),
    ),
    "disputed in a word that nobody knows": (("dispute", {}), stands("arbitrated")),
    "reversed": (("withdraw", {}),),
    "reversed, and back": (("withdraw", {}), ("reinstate", {})),
    "renamed": (("rename", {}), ("refund", of("10.00"))),
    "totaled": (("refund", of("10.00")), ("tell_totals", {})),
}
"""What may happen to money that was taken."""


def tales_of_dashboards() -> list[Tale]:
    return [*_tales_of_held(), *_tales_of_taken(), *_tales_undone(), *_tales_of_schedules()]


def _tales_of_held() -> list[Tale]:
    tales = [
        Tale(f"{name} at the provider, told {way}", happens(events, way, policy=MANUAL))
        for name, events in HELD.items()
        for way in WAYS
    ]
    capture = (("capture", {"amount": usd("60.00")}),)
    for name in ("captured", "released", "lapsed"):
        for way in WAYS:
            story = happens(HELD[name], way, policy=MANUAL, commands=capture)
            tales.append(Tale(f"the rest {name} at the provider, told {way}", story))
    return tales


def _tales_of_taken() -> list[Tale]:
    tales = [
        Tale(f"{name} at the provider, told {way}", happens(events, way, policy=AUTOMATIC))
        for name, events in TAKEN.items()
        for way in WAYS
    ]
    refund = (("refund", {"amount": usd("60.00")}),)
    for name in ("disputed", "disputed and won", "disputed and lost", "reversed"):
        for way in WAYS:
            story = happens(TAKEN[name], way, policy=AUTOMATIC, commands=refund)
            tales.append(Tale(f"refunded and {name}, told {way}", story))
    return tales


def _tales_undone() -> list[Tale]:
    tales = []
    for way in WAYS:
        tales += [
            Tale(f"a refund bounces, told {way}", comes_undone("refund", "bounce", arrival=way)),
            Tale(f"a capture bounces, told {way}", comes_undone("capture", "bounce", arrival=way)),
            Tale(
                f"a capture bounces and is taken again, told {way}",
                comes_undone("capture", "bounce", "retake", arrival=way),
            ),
        ]
    for command in ("capture", "void", "refund"):
        for name, script, people in named(command, ("approve", "pending", *ONCE)):
            story = is_made_by_hand_meanwhile(command, script)
            can = Capabilities(look_up_is_authoritative=True, partial_voids=True)
            tales.append(Tale(f"by hand meanwhile, {name}", story, people, capabilities=can))
    return tales


def _tales_of_schedules() -> list[Tale]:
    found = {
        "nothing": (),
        "a bounce": (("bounce", {}),),
        "a dispute": (("dispute", {}), ("withdraw", {}), stands("lost")),
        "a refund by hand": (("refund", of("20.00")),),
    }
    return [
        Tale(f"{name} is found on schedule", looks_again(*events), capabilities=SCHEDULE)
        for name, events in found.items()
    ]
