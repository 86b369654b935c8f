"""Values that must never be seen, a gateway full of them, and every channel by which they leak."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import attrs

import paysession
from paysession import CreditCard, MandateUse, Metadata
from paysession.gateways import Capabilities, Gateway
from paysession.gateways.requests import (
    CancelRefundRequest,
    CaptureRequest,
    ChargeRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CompleteSetupSessionRequest,
    CreateSessionRequest,
    CreateSetupSessionRequest,
    LookUpRequest,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Fact,
    Failure,
    FailureCode,
    NextAction,
    Profile,
    Redirect,
    References,
    Refunded,
    Report,
    ShowCode,
    Stored,
    UseSdk,
    Voided,
    WaitForTransfer,
)

SECRET = "canary51e"
"""In every value that must be on no channel, but sealed: a merchant's secret or client data."""
PERSONAL = "canary92d"
"""In every value that tells of a person: it is stored, and told to nobody by chance."""

KEY = f"sk_live_{SECRET}"
CALLERS_KEY = f"order-7-{SECRET}"
SOURCES = Path(paysession.__file__).parent

EXTERNAL_DATA = {"payload": SECRET, "deep": {"list": [SECRET]}}
NO_EXTERNAL_DATA: dict[str, Any] = {
    "text": SECRET,
    "octets": SECRET.encode(),
    "list": [SECRET],
    "pairs": [("payload", SECRET)],
}
"""What a caller may pass as external data by mistake."""
CLIENT_DATA = {"client_secret": SECRET}
METADATA = {"note": PERSONAL}
CARD = CreditCard(
    id="card_1", profile_id="tok_1", brand="visa", last4="4242", month=1, year=2030, name=PERSONAL
)
PROFILE = Profile(id="tok_1", brand="visa", last4="4242", month=1, year=2030, name=PERSONAL)
FAILURE = Failure(FailureCode.DO_NOT_HONOR, raw_code="05", raw_message=f"denied for {KEY}")

REDIRECT = Redirect(f"https://bank.example/?{SECRET}", method="POST", fields={"PaReq": SECRET})
ACTIONS: dict[str, NextAction] = {
    "redirect": REDIRECT,
    "sdk": UseSdk({"token": SECRET}),
    "code": ShowCode(SECRET),
    "transfer": WaitForTransfer({"iban": SECRET}),
}


class Broken(Exception):
    """An adapter's exception that holds its secrets wherever an exception can."""

    def __init__(self) -> None:
        super().__init__(f"401 for {KEY}", {"authorization": f"Bearer {KEY}"})
        self.body = KEY
        self.add_note(KEY)


class Nonsense:
    """What no adapter may answer."""

    def __repr__(self) -> str:
        return KEY


class CanaryGateway(Gateway):
    """Answers every call with canaries, unless a test says what comes first."""

    def __init__(self) -> None:
        self.capabilities = Capabilities(settled_by_person=True, look_up_is_authoritative=True)
        self.answers: dict[str, list[object]] = {}

    def then(self, method: str, *answers: object) -> None:
        """Let the next calls of a method be answered so."""
        self.answers.setdefault(method, []).extend(answers)

    def _answer(self, request: Request[Any]) -> Any:
        scripted = self.answers.get(request.method)
        answer = scripted.pop(0) if scripted else self._usual(request)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _usual(self, request: Any) -> Fact | tuple[Report, ...]:
        key = request.key
        match request:
            case CreateSessionRequest() | CreateSetupSessionRequest():
                references = References.of(session=f"cs_{key}")
                return Accepted(
                    references=references, client_data=CLIENT_DATA, next_action=REDIRECT
                )
            case UpdateSessionRequest():
                return Accepted(client_data=CLIENT_DATA)
            case CompleteSessionRequest(amount=amount) | ChargeRequest(amount=amount):
                references = References.of(authorization=f"pi_{key}")
                return Authorized(amount, references=references, profile=PROFILE)
            case CompleteSetupSessionRequest():
                return Stored(PROFILE)
            case CaptureRequest(amount=amount):
                return Captured(amount, profile=PROFILE)
            case VoidRequest(amount=amount):
                return Voided(amount)
            case RefundRequest(amount=amount):
                return Refunded(amount)
            case LookUpRequest():
                return ()
            case _:
                return Canceled()

    def create_session(self, request: CreateSessionRequest) -> Any:
        return self._answer(request)

    def update_session(self, request: UpdateSessionRequest) -> Any:
        return self._answer(request)

    def complete_session(self, request: CompleteSessionRequest) -> Any:
        return self._answer(request)

    def close_session(self, request: CloseSessionRequest) -> Any:
        return self._answer(request)

    def charge(self, request: ChargeRequest) -> Any:
        assert request.use in MandateUse
        return self._answer(request)

    def capture(self, request: CaptureRequest) -> Any:
        return self._answer(request)

    def void(self, request: VoidRequest) -> Any:
        return self._answer(request)

    def refund(self, request: RefundRequest) -> Any:
        return self._answer(request)

    def cancel_refund(self, request: CancelRefundRequest) -> Any:
        return self._answer(request)

    def create_setup_session(self, request: CreateSetupSessionRequest) -> Any:
        return self._answer(request)

    def complete_setup_session(self, request: CompleteSetupSessionRequest) -> Any:
        return self._answer(request)

    def look_up(self, request: LookUpRequest) -> Any:
        return self._answer(request)


DECLINED = Declined(FAILURE)


def action_required(name: str) -> ActionRequired:
    return ActionRequired(ACTIONS[name], client_data=CLIENT_DATA)


# Channels


def shown(value: object) -> Iterator[tuple[str, str]]:
    """How a value is shown when somebody prints or logs it, and every value within."""
    yield "repr", repr(value)
    yield "str", str(value)
    yield "format", f"{value}"
    yield "percent", "%s %r" % (value, value)  # noqa: UP031 - one channel of several
    yield "pprint", pprint.pformat(value)
    record = logging.LogRecord("paysession", logging.DEBUG, "", 0, "%s", (value,), None)
    yield "log", record.getMessage()


def taken_apart(value: object) -> Iterator[tuple[str, str]]:
    """What a value becomes when it is passed on: to a file, a process, a serializer."""
    yield "json", json.dumps(value, default=str)
    yield "copy", repr(copy.copy(value)) + repr(copy.deepcopy(value))
    yield "pickle", _pickled(value)
    if attrs.has(type(value)):
        yield "asdict", _as_data(value)
        for field in attrs.fields(cast("type[attrs.AttrsInstance]", type(value))):
            for channel, text in shown(getattr(value, field.name)):
                yield f"{field.name}.{channel}", text


def _as_data(value: Any) -> str:
    data = attrs.asdict(value)
    return f"{data} {pprint.pformat(data)} {json.dumps(data, default=str)}"


def _pickled(value: object) -> str:
    try:
        return pickle.dumps(value).decode("latin-1")
    except TypeError as refusal:
        return str(refusal)


def told_by(error: BaseException) -> Iterator[tuple[str, str]]:
    """All that an error says, to whoever catches, logs or reports it."""
    yield from shown(error)
    yield "args", repr(error.args)
    yield "attributes", repr(vars(error))
    yield "details", repr(getattr(error, "details", None))
    yield "pickle", _pickled(error)
    for each in chain_of(error):
        yield f"chain of {type(each).__name__}", f"{each!r} {each} {each.args}"


def locals_of(error: BaseException) -> Iterator[tuple[str, str]]:
    """The local variables of our own frames, as an error reporter sends them."""
    for each in chain_of(error):
        report = traceback.TracebackException.from_exception(each, capture_locals=True)
        for frame in report.stack:
            if Path(frame.filename).is_relative_to(SOURCES):
                yield f"locals of {frame.name}", str(frame.locals)


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it came from."""
    nested: BaseException | None = error
    while nested is not None:
        yield nested
        nested = nested.__cause__ or (None if nested.__suppress_context__ else nested.__context__)


Channels = Callable[[Any], Iterator[tuple[str, str]]]


def leaks_of(value: object, canary: str, *channels: Channels) -> list[str]:
    """The channels by which a canary is seen."""
    return [
        f"{type(value).__name__} by {name}"
        for channel in channels
        for name, text in channel(value)
        if canary in text
    ]


def everything_in(value: object) -> Iterator[object]:
    """A value, and every value of ours within it."""
    yield value
    if isinstance(value, tuple | list):
        for item in value:
            yield from everything_in(item)
    elif isinstance(value, Mapping) and not isinstance(value, Metadata):
        for item in value.values():
            yield from everything_in(item)
    elif attrs.has(type(value)):
        for field in attrs.fields(cast("type[attrs.AttrsInstance]", type(value))):
            yield from everything_in(getattr(value, field.name))
