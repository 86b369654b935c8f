"""Laws of what must not be seen: a merchant's keys, a customer's secrets, and what is private."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import partial
from string import ascii_letters, digits
from typing import Any, Final, cast

import attrs

from paysession._domain.secrets import ClientData
from paysession.gateways import Notification
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.endings import BROUGHT, NOTE, all_that_can_come
from paysession.testing._gateways.forgeries import NONSENSE, UNSIGNED, entries_of
from paysession.testing._gateways.law import law
from paysession.testing._laws.law import LawBroken
from paysession.testing._laws.secrets import LEAST_PART, encoded, without
from paysession.testing._laws.threads import Answer

_LEAST: Final = 16
"""Characters of what a browser is given, below which it may be no secret but a word."""

_OF_KEYS: Final = ascii_letters + digits + "+-/_"
"""What keys are written with: where it touches a part of a secret, it may be the rest."""


@law(
    "SEC-1",
    "the gateway itself shows none of the merchant's secrets",
    reason="gateways are printed by debuggers, by pytest and by whoever logs what failed",
    source="I50; attrs writes every field into repr, unless it is told not to",
    about="create_session",
    controls=("canaries",),
)
def a_gateway_shows_no_secret(bench: Bench) -> None:
    gateway, secrets = bench.gateway, _of_the_merchant(bench)
    bench.tell("the gateway is printed")
    _none_in(bench, secrets, f"{gateway!r} {gateway!s} {gateway}", "the gateway, printed")


@law(
    "SEC-2",
    "answers and reports show no secret but where it is masked, and nothing private",
    reason="answers are kept as evidence, logged, and shown to whoever looks at an order",
    source="I50; repr of stripe's PaymentIntent prints the client secret",
    about="create_session",
    needs=("sale",),
)
def an_answer_shows_no_secret(bench: Bench) -> None:
    secrets = _of_the_merchant(bench) | _PRIVATE
    for method, came in _all_that_comes(bench):
        secrets |= _given_to_browsers(came.value)
        _none_in(bench, secrets, _printed(came.value), f"what {method} answers, printed")


@law(
    "SEC-3",
    "no exception shows a secret, or anything private: not in its words, nor in its causes",
    reason="exceptions go to logs and to services that collect them",
    source="I50, F53; the args of a StripeError hold the whole body",
    about="create_session",
    needs=("sale",),
    controls=("lose_answer",),
)
def an_exception_shows_no_secret(bench: Bench) -> None:
    secrets = _of_the_merchant(bench) | _PRIVATE
    for method, came in _all_that_comes(bench):
        secrets |= _given_to_browsers(came.value)
        raised = "\n".join(_words_of(came.error))
        _none_in(bench, secrets, raised, f"what {method} raises, with its causes")


@law(
    "SEC-4",
    "no log record shows a secret, or anything private, at any level",
    reason="logs are kept for years, by others, and read by many",
    source="I50; stripe logs what it posts and what comes back",
    about="create_session",
    needs=("sale",),
)
def a_log_shows_no_secret(bench: Bench) -> None:
    secrets = _of_the_merchant(bench) | _PRIVATE
    with _overheard() as records:
        bench = bench.afresh()
        bench.tell("the gateway is made")
        made = "\n".join(word for each in records for word in _logged(each))
        _none_in(bench, secrets, made, "what is logged when a gateway is made")
        for method, came in _all_that_comes(bench):
            secrets |= _given_to_browsers(came.value)
            logged = "\n".join(word for each in records for word in _logged(each))
            _none_in(bench, secrets, logged, f"what is logged by {method}")
            records.clear()


@law(
    "SEC-5",
    "nothing secret or private is printed, nor warned of",
    reason="what a process prints is a log like any other, its warnings too, and nobody has "
    "masked it",
    source="I50",
    about="create_session",
    needs=("sale",),
)
def nothing_secret_is_printed(bench: Bench) -> None:
    secrets = _of_the_merchant(bench) | _PRIVATE
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed), _warned() as warned:
        bench = bench.afresh()
        bench.tell("the gateway is made")
        for method, came in _all_that_comes(bench):
            secrets |= _given_to_browsers(came.value)
            _none_in(bench, secrets, printed.getvalue(), f"what is printed by {method}")
            words = "\n".join(str(each.message) for each in warned)
            _none_in(bench, secrets, words, f"what {method} warns of")


@law(
    "SEC-6",
    "what goes to the customer's browser holds none of the merchant's secrets",
    reason="whoever has the key can refund himself",
    source="I50; docs.stripe.com/keys: the publishable key is for browsers, the secret key is not",
    about="create_session",
    needs=("sale",),
    controls=("canaries",),
)
def a_browser_gets_no_key(bench: Bench) -> None:
    secrets = _of_the_merchant(bench)
    for request, came in all_that_can_come(bench):
        given = "\n".join(_given_to_browsers(came.value, least=1))
        _none_in(bench, secrets, given, f"what {request.method} gives to a browser")


_PRIVATE: Final = {
    NOTE: "a note of the backend's",
    BROUGHT: "what a browser brought",
}


def _all_that_comes(bench: Bench) -> Iterator[tuple[str, Answer[Any]]]:
    """Have notifications read, then ask in all ways; tell which method it was and what came."""
    if bench.offers("read_notification"):
        with bench.where_it_can_be_played():
            for each in _what_may_arrive(bench):
                yield "read_notification", _came_of_reading(bench, each)
    for request, came in all_that_can_come(bench):
        yield request.method, came


def _what_may_arrive(bench: Bench) -> Iterator[Notification]:
    """Return what nobody signed, what is genuine, that changed on its way, and signed nonsense."""
    for headers in UNSIGNED:
        yield Notification(b'{"id": "evt_1"}', headers)
    for genuine in _sent_of_a_sale(bench) if bench.knows("notifications") else ():
        yield genuine
        yield Notification(genuine.body + b" ", genuine.headers)
    for body in NONSENSE if bench.knows("sign") else ():
        yield bench.signed(body, *bench.author.webhook_secrets)


def _sent_of_a_sale(bench: Bench) -> tuple[Notification, ...]:
    bench.paid(bench.drawn.any_amount())
    return bench.all_sent()


def _came_of_reading(bench: Bench, notification: Notification) -> Answer[Any]:
    """Read a notification, and tell what that returned or raised, whatever it is."""
    bench.anew()
    came = bench.raised_by(partial(bench.read, notification))
    came_back = not isinstance(came, LawBroken)
    bench.must(came_back, "how long reading a notification takes", "it comes to an end", came)
    return Answer(error=came) if isinstance(came, Exception) else Answer(came)


def _of_the_merchant(bench: Bench) -> dict[str, str]:
    """Return what must not be seen of the merchant's secrets, and what each of it is."""
    secrets = [*filter(None, (*bench.author.canaries, *bench.author.webhook_secrets))]
    halves = [half for each in secrets for half in _halves_of(each)]
    in_other_words = [text for each in secrets for text in encoded(each)]
    long_enough = [each for each in halves if len(each) >= LEAST_PART]
    return {
        **dict.fromkeys(in_other_words, "a merchant's secret, encoded"),
        **dict.fromkeys(long_enough, "half of a merchant's secret"),
        **dict.fromkeys(secrets, "a merchant's secret"),
    }


def _halves_of(secret: str) -> tuple[str, str]:
    middle = len(secret) // 2
    return secret[:middle], secret[middle:]


def _none_in(bench: Bench, secrets: Mapping[str, str], text: str, what: str) -> None:
    """Break the law if one of these is in a text, and do not repeat it, nor another."""
    found = [each for each in secrets if each in text]
    name = secrets.get(max(found, key=len, default=""))
    before, mask, after = without(secrets, text).partition(f"[{name}]")
    shown = f"{before.rstrip(_OF_KEYS)[-40:]}{mask}{after.lstrip(_OF_KEYS)[:20]}"
    bench.must(not found, what, f"nothing of {name}", shown)


def _given_to_browsers(answer: object, *, least: int = _LEAST) -> dict[str, str]:
    """Return the texts that an answer gives to the customer's browser, and that are no ids."""
    texts = [text for data in _masked_in(answer) for text in _texts_in(data.reveal())]
    secrets = [each for each in texts if len(each) >= least]
    return dict.fromkeys(secrets, "what the customer's browser is given")


def _masked_in(value: object) -> Iterator[ClientData]:
    """Return what is masked in an answer, its next action included."""
    kind: type[Any] = type(value)
    if isinstance(value, ClientData):
        yield value
    elif attrs.has(kind):
        for field in attrs.fields(kind):
            yield from _masked_in(getattr(value, field.name))


def _texts_in(value: object, name: str = "") -> list[str]:
    """Return every text in some JSON but what is called an id."""
    is_id = name.lower().endswith("id")
    own = [value] if isinstance(value, str) and not is_id else []
    entries = entries_of(value).items()
    return [*own, *(text for name, each in entries for text in _texts_in(each, str(name)))]


def _printed(answer: object) -> str:
    """Write an answer in all the ways in which somebody may, what it hides from repr included."""
    parts = cast("tuple[object, ...]", answer) if isinstance(answer, tuple) else (answer,)
    told: list[Any] = [each for each in parts if attrs.has(type(each))]
    return f"{answer!r} {answer!s} {[attrs.asdict(each) for each in told]}"


def _words_of(error: BaseException | None) -> Iterator[str]:
    """Return all that an exception says, and what it was raised from."""
    while error is not None:
        notes = getattr(error, "__notes__", ())
        yield f"{error!r} {error!s} {error.args!r} {vars(error)!r} {notes!r}"
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)


@contextmanager
def _warned() -> Generator[list[warnings.WarningMessage]]:
    """Listen to every warning, however often it came before."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield heard


@contextmanager
def _overheard() -> Generator[list[logging.LogRecord]]:
    """Listen to every logger, however it is set."""
    records: list[logging.LogRecord] = []
    usual, disabled = logging.getLogRecordFactory(), logging.root.manager.disable
    named = [logging.getLogger(each) for each in logging.root.manager.loggerDict]
    levels = {each: each.level for each in (logging.root, *named)}

    def heard(*arguments: Any, **more: Any) -> logging.LogRecord:  # noqa: ANN401 - as it was called
        records.append(usual(*arguments, **more))
        return records[-1]

    logging.setLogRecordFactory(heard)
    logging.disable(logging.NOTSET)
    for each in levels:
        each.setLevel(1)
    try:
        yield records
    finally:
        for each, level in levels.items():
            each.setLevel(level)
        logging.disable(disabled)
        logging.setLogRecordFactory(usual)


def _logged(record: logging.LogRecord) -> Iterator[str]:
    """Return all that a record says, and the exception that it is about."""
    yield repr(vars(record))
    with suppress(Exception):  # of a message whose arguments do not fit
        yield record.getMessage()
    yield from _words_of(record.exc_info[1] if record.exc_info else None)
