"""Stories of setup sessions: a source is stored, and charged when its customer is gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from shop import CARD, ORDER, START, Decide, Do, Later, Story, is_refusal
from telling import CREATE, ONCE, STORE, Tale, Telling, named, token


def opened(script: Mapping[str, str], *, hours: int = 24) -> Telling:
    """Open a setup session; what the browser brings is a secret that is sent once."""
    kwargs = {
        "customer_id": "customer_1",
        "expires_at": START + timedelta(hours=hours),
        "external_data": {"token": token(script)} if script else None,
    }
    return (yield Do("create_setup_session", (CARD,), kwargs))


def stores(script: Mapping[str, str], *, late: Mapping[str, str] | None = None) -> Story:
    """Store a source, as often as the customer has to come back, and charge it."""

    def story() -> Telling:
        session = yield from opened(script)
        if is_refusal(session):
            return
        kwargs = {"external_data": {"token": token(late)}} if late else {}
        answer = yield Do("complete_setup_session", (session.id,), kwargs)
        if is_refusal(answer) or not answer.succeeded:
            yield Do("complete_setup_session", (session.id,))
        session = yield Do("get_setup_session", (session.id,))
        if session.source is not None:
            yield Do("charge", (ORDER,), {"method": CARD, "source": session.source})

    return story


def gives_up(script: Mapping[str, str]) -> Story:
    def story() -> Telling:
        session = yield from opened(script)
        yield Do("complete_setup_session", (session.id,))
        yield Do("cancel_setup_session", (session.id,))
        yield Do("cancel_setup_session", (session.id,))

    return story


def expires(script: Mapping[str, str], *, comes_back: bool) -> Story:
    def story() -> Telling:
        session = yield from opened(script, hours=1)
        yield Do("complete_setup_session", (session.id,))
        yield Later(timedelta(hours=1))
        if comes_back:
            yield Decide(True)
        yield Do("expire_setup_sessions")
        yield Do("recover")

    return story


def tales_of_setups() -> list[Tale]:
    tales: list[Tale] = []
    for name, script, people in named("create_setup", CREATE):
        tales.append(Tale(f"store a source, {name}", stores(script), people))
    for name, script, people in named("complete_setup", STORE):
        tales.append(Tale(f"store a source, {name}", stores(script), people))
    for name, script, people in named("complete_setup", ("decline:insufficient_funds", *ONCE)):
        tales.append(Tale(f"a secret that is sent once, {name}", stores({}, late=script), people))
    for name, script, _ in named("complete_setup", ("require_action", "pending", "timeout_after")):
        tales += [
            Tale(f"give a setup session up, {name}", gives_up(script)),
            Tale(f"a setup session expires, {name}", expires(script, comes_back=False)),
            Tale(f"stored and never seen again, {name}", expires(script, comes_back=True)),
        ]
    tales.append(Tale("store a source without a secret", stores({})))
    return tales
