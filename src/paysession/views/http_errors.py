"""
What an error is over HTTP: the one table of every error's status, text and code.

The dialects' `error_document` print from it; the status to send along is their `status_of`:

    >>> from paysession.errors import NotFound
    >>> from paysession.views import store_api
    >>> error = NotFound("payment session", "ps_1")
    >>> print(store_api.status_of(error), store_api.error_document(error)["error"]["message"])
    404 Payment session not found

The texts are for whoever calls the backend's API: a customer's browser, a partner. Our own
messages are for the backend's developers, and tell such callers too much: what other
payments came to, names of gateways, ids of operations. So the texts here are others, and of an
error's values they quote only closed words, limits, a currency, and what a declined customer
may be told.

A request that may be sent again later answers 409, one that will be refused again 422. What
is broken on the backend's side is 500, whatever it is, and says nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from paysession import errors
from paysession.errors import UnsafeInput

__all__ = ["ANSWERS", "PHRASES", "Answer", "answer_to", "status_of"]


@attrs.frozen
class Answer:
    """
    How an error is answered.

    Attributes:
        status: Its status over HTTP.
        message: What people are told; in `ANSWERS`, `{error.…}` stands for a value of it.
        code: What programs call it; in `ANSWERS`, empty where it is the error's own.
        fields: What is wrong with which field of the request.
    """

    status: int
    message: str
    code: str = ""
    fields: Mapping[str, str] = attrs.field(factory=dict[str, str], kw_only=True)

    @property
    def phrase(self) -> str:
        """What the status is called over HTTP; "Error" where it has no name."""
        return PHRASES.get(self.status, "Error")


PHRASES: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "Bad Request",
        401: "Unauthorized",
        402: "Payment Required",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        406: "Not Acceptable",
        408: "Request Timeout",
        409: "Conflict",
        410: "Gone",
        411: "Length Required",
        412: "Precondition Failed",
        413: "Content Too Large",
        414: "URI Too Long",
        415: "Unsupported Media Type",
        416: "Range Not Satisfiable",
        417: "Expectation Failed",
        421: "Misdirected Request",
        422: "Unprocessable Content",
        426: "Upgrade Required",
        428: "Precondition Required",
        429: "Too Many Requests",
        431: "Request Header Fields Too Large",
        500: "Internal Server Error",
        501: "Not Implemented",
        502: "Bad Gateway",
        503: "Service Unavailable",
        504: "Gateway Timeout",
        505: "HTTP Version Not Supported",
        511: "Network Authentication Required",
    }
)
"""What the statuses of errors are called: RFC 9110, and 6585 for 428, 429, 431 and 511."""

_UNEXPECTED: Final = Answer(500, "An unexpected error occurred", "internal_server_error")
_REFUSED: Final = 422
_LATER: Final = 409

ANSWERS: Final[Mapping[type[BaseException], Answer]] = MappingProxyType(
    {
        BaseException: _UNEXPECTED,
        TimeoutError: Answer(504, "The request timed out", "timeout"),
        errors.PaySessionError: _UNEXPECTED,
        errors.MoneyError: Answer(_REFUSED, "The amount is not valid"),
        errors.InvalidAmount: Answer(_REFUSED, "The amount is not a number, or out of bounds"),
        errors.InexactAmount: Answer(
            _REFUSED, "The amount has more decimals than {error.currency} has"
        ),
        errors.CurrencyMismatch: Answer(_REFUSED, "The currency is not the one in use here"),
        errors.UnknownCurrency: Answer(_REFUSED, "The currency is no code of ISO 4217"),
        errors.AmountNotRepresentable: Answer(
            _REFUSED, "The payment method cannot take this amount"
        ),
        errors.NotAllowed: Answer(_REFUSED, "The request is not allowed"),
        errors.IllegalTransition: Answer(
            _REFUSED, "Cannot {error.event} a {error.subject} that is {error.status}"
        ),
        errors.AmountExceeded: Answer(_REFUSED, "The amount is more than what is {error.purpose}"),
        errors.NothingDue: Answer(_REFUSED, "Nothing is due"),
        errors.SessionRequired: Answer(
            _REFUSED,
            "This payment method requires a payment session. "
            "Use the payment sessions endpoint instead.",
        ),
        errors.SessionNotSupported: Answer(
            _REFUSED,
            "This payment method takes no payment session. Use the payments endpoint instead.",
        ),
        errors.SourceRequired: Answer(_REFUSED, "This payment method requires a payment source"),
        errors.MethodUnavailable: Answer(_REFUSED, "This payment method is not available"),
        errors.ExpiredSession: Answer(_REFUSED, "The session has expired. Create a new one."),
        errors.SessionClosing: Answer(_LATER, "The session is being closed. Try again later."),
        errors.OperationUnresolved: Answer(
            _LATER, "An earlier request has not come to its end. Try again later."
        ),
        errors.Unsupported: Answer(_REFUSED, "This payment method does not support the request"),
        errors.LimitExceeded: Answer(
            400,
            "There may be at most {error.limit} {error.what}",
            "invalid_request",
        ),
        errors.UnsafeInput: Answer(_REFUSED, "Validation failed", "validation_error"),
        errors.NotFound: Answer(404, "{error.kind} not found"),
        errors.Conflict: Answer(_LATER, "Another request was faster. Try again."),
        errors.StaleVersion: Answer(_LATER, "Another request was faster. Try again."),
        errors.AlreadyExists: Answer(_LATER, "It exists already"),
        errors.IdempotencyKeyReused: Answer(
            _REFUSED, "The idempotency key was used for another request. Use a new key."
        ),
        errors.IdempotencyKeyInFlight: Answer(
            _LATER,
            "The first request with this idempotency key has not come to its end. Try again later.",
        ),
        errors.NotSettled: Answer(_LATER, "It has not come to its end. Ask again later."),
        errors.PaymentDeclined: Answer(402, "{error.shown_to_customer}"),
        errors.StillOpen: Answer(_LATER, "It has not come to its end. Ask again later."),
        errors.Closed: Answer(_REFUSED, "It is {error.status}. Create a new one."),
        errors.OutcomeUnknown: Answer(
            504,
            "It is not known yet what came of the request. Do not send it again.",
        ),
        errors.GatewayError: Answer(502, "The payment provider has failed"),
        errors.GatewayUnreachable: Answer(
            502,
            "The payment provider could not be reached, and nothing happened. Try again.",
        ),
        errors.GatewayBroken: _UNEXPECTED,
        errors.NotificationError: Answer(401, "The notification is not valid"),
        errors.InvalidSignature: Answer(401, "The signature is not valid"),
        errors.UnreadableNotification: Answer(400, "The notification cannot be read"),
        errors.StoreError: _UNEXPECTED,
        errors.NotDurable: _UNEXPECTED,
        errors.RecordError: _UNEXPECTED,
    }
)
"""Every error's answer; of an error that is not named, that of its nearest base."""


_ANSWERS_TO_STATUSES: Final[Mapping[int, Answer]] = MappingProxyType(
    {
        401: Answer(401, "Authentication required", "unauthorized"),
        403: Answer(403, "Access denied", "forbidden"),
        404: Answer(404, "Record not found", "record_not_found"),
        500: _UNEXPECTED,
    }
)


def status_of(error: BaseException | int) -> int:
    """
    Return the status over HTTP of an error, or the one that is given.

    Raises:
        UnsafeInput: The status given is no error's.
    """
    return answer_to(error).status


def answer_to(error: BaseException | int) -> Answer:
    """
    Return what a caller may know of an error, ready for a dialect of your own.

    Args:
        error: What was raised; or, where the backend's web layer refuses by itself, a status
            such as 401 or `http.HTTPStatus.UNAUTHORIZED`.

    Raises:
        UnsafeInput: The status given is no error's.
    """
    if isinstance(error, BaseException):
        return _answer_to_error(error)
    if isinstance(error, int):
        return _answer_to_status(error)
    raise TypeError(f"error must be an exception or a status, not {type(error).__name__}")


def _answer_to_error(error: BaseException) -> Answer:
    row = next(ANSWERS[each] for each in type(error).__mro__ if each in ANSWERS)
    message = row.message.format(error=error)
    return attrs.evolve(
        row,
        message=message[:1].upper() + message[1:],
        code=row.code or getattr(error, "code", ""),
        fields={error.field: error.reason} if isinstance(error, UnsafeInput) else {},
    )


def _answer_to_status(status: int) -> Answer:
    if not 400 <= status <= 599:
        raise UnsafeInput("error", "it is no error's status: pass one from 400 to 599")
    known = _ANSWERS_TO_STATUSES.get(status)
    return _answer_by_name(int(status)) if known is None else known


def _answer_by_name(status: int) -> Answer:
    phrase = Answer(status, "").phrase
    return Answer(status, phrase, re.sub(r"\W+", "_", phrase.lower()))
