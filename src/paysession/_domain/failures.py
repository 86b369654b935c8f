"""
Why a payment was declined, and what follows from it.

A `Failure` is one of twenty classes, with the provider's own words kept beside it. The class
answers four questions: is the decline hard, may the same source be tried again and when,
who must act, and what may be shown to the customer. What a card network advises overrides
the class. The tables below are public and read-only; classes may be added in a minor release.

A decline is a result, not an exception: time-outs are `Unknown`, and a request that the
provider found malformed is `Rejected`. Neither has a `Failure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

import attrs

from paysession._domain.limits import is_a, redacted

__all__ = [
    "ADVICE",
    "ADYEN",
    "ANSWERS",
    "ISO8583",
    "STRIPE",
    "Actor",
    "Advice",
    "Answers",
    "Failure",
    "FailureCode",
    "Retry",
]

MOST_CODE_CHARACTERS: Final = 100
MOST_MESSAGE_CHARACTERS: Final = 500


class FailureCode(StrEnum):
    """The class of a decline."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    PROCESSING_ERROR = "processing_error"
    AUTHENTICATION_REQUIRED = "authentication_required"
    AUTHENTICATION_FAILED = "authentication_failed"
    INVALID_CARD_DATA = "invalid_card_data"
    EXPIRED_CARD = "expired_card"
    LIMIT_EXCEEDED = "limit_exceeded"
    NOT_SUPPORTED = "not_supported"
    LOST_OR_STOLEN = "lost_or_stolen"
    SUSPECTED_FRAUD = "suspected_fraud"
    ACCOUNT_CLOSED = "account_closed"
    REVOKED = "revoked"
    DO_NOT_HONOR = "do_not_honor"
    DUPLICATE = "duplicate"
    MERCHANT_CONFIG = "merchant_config"
    INVALID_AMOUNT = "invalid_amount"
    CUSTOMER_CANCELED = "customer_canceled"
    RISK_BLOCKED = "risk_blocked"
    UNKNOWN_DECLINE = "unknown_decline"


class Retry(StrEnum):
    """Whether the same source may be tried again."""

    SOON = "soon"
    """Yes, within minutes and with growing pauses."""
    SAME_KEY = "same_key"
    """Yes, within minutes, repeating the same request with the same key."""
    LATER = "later"
    """Yes, after `retry_after`, or after hours where nobody says how many."""
    SPACED = "spaced"
    """Yes, a few times and far apart."""
    AFTER_AUTHENTICATION = "after_authentication"
    """When the customer has confirmed the payment with the bank."""
    AFTER_UPDATE = "after_update"
    """When the card's renewed details were fetched or entered."""
    AFTER_LOOK_UP = "after_look_up"
    """Not before a look-up: the money may have moved already."""
    AFTER_REVIEW = "after_review"
    """Never by a program; a person of the merchant's may allow it."""
    NEW_ATTEMPT = "new_attempt"
    """By a new attempt that the customer begins."""
    NEW_SESSION = "new_session"
    """In a new session."""
    NO = "no"
    """Not as it is: it would fail again."""
    NEVER = "never"
    """Never: the network forbids it, and fines for it."""


class Actor(StrEnum):
    """Who must do something before the payment can succeed."""

    NOBODY = "nobody"
    CUSTOMER = "customer"
    BANK = "bank"
    """The customer's bank, which the customer may call."""
    MERCHANT = "merchant"
    DEVELOPER = "developer"
    SYSTEM = "system"
    """This library, by a look-up."""


@attrs.frozen(kw_only=True)
class Answers:
    """
    What follows from a decline.

    Attributes:
        is_hard: Whether the same source will fail again, whenever it is tried.
        retry: Whether the same source may be tried again.
        retry_after: How long to wait at least, where somebody says so.
        who_must_act: Who must do something first.
        shown_to_customer: One or two sentences that may be shown.
    """

    is_hard: bool
    retry: Retry
    retry_after: timedelta | None = None
    who_must_act: Actor
    shown_to_customer: str


@attrs.frozen(kw_only=True)
class Advice:
    """What a network says about trying again; `who_must_act` only where it names somebody."""

    is_hard: bool
    retry: Retry
    retry_after: timedelta | None = None
    who_must_act: Actor | None = None


# An unknown decline reads like a stolen card, so that nobody learns from the text which it is.
_GENERIC: Final = "The payment was declined. Please use another payment method."
_TECHNICAL: Final = "The payment failed for a technical reason. Please use another payment method."

ANSWERS: Final[Mapping[FailureCode, Answers]] = MappingProxyType(
    {
        FailureCode.INSUFFICIENT_FUNDS: Answers(
            is_hard=False,
            retry=Retry.LATER,
            retry_after=timedelta(hours=24),
            who_must_act=Actor.CUSTOMER,
            shown_to_customer="There are not enough funds. Please use another payment method.",
        ),
        FailureCode.ISSUER_UNAVAILABLE: Answers(
            is_hard=False,
            retry=Retry.SOON,
            who_must_act=Actor.NOBODY,
            shown_to_customer="Your bank could not be reached. Please try again.",
        ),
        FailureCode.PROCESSING_ERROR: Answers(
            is_hard=False,
            retry=Retry.SAME_KEY,
            who_must_act=Actor.NOBODY,
            shown_to_customer="The payment failed for a technical reason. Please try again.",
        ),
        FailureCode.AUTHENTICATION_REQUIRED: Answers(
            is_hard=False,
            retry=Retry.AFTER_AUTHENTICATION,
            who_must_act=Actor.CUSTOMER,
            shown_to_customer="Please confirm the payment with your bank.",
        ),
        FailureCode.AUTHENTICATION_FAILED: Answers(
            is_hard=False,
            retry=Retry.NEW_ATTEMPT,
            who_must_act=Actor.CUSTOMER,
            shown_to_customer="The payment was not confirmed with your bank. Please try again.",
        ),
        FailureCode.INVALID_CARD_DATA: Answers(
            is_hard=True,
            retry=Retry.NO,
            who_must_act=Actor.CUSTOMER,
            shown_to_customer="Please check the card details and enter them again.",
        ),
        FailureCode.EXPIRED_CARD: Answers(
            is_hard=True,
            retry=Retry.NO,
            who_must_act=Actor.CUSTOMER,
            shown_to_customer="The card has expired. Please use another card.",
        ),
        FailureCode.LIMIT_EXCEEDED: Answers(
            is_hard=False,
            retry=Retry.LATER,
            retry_after=timedelta(hours=24),
            who_must_act=Actor.CUSTOMER,
            shown_to_customer="A limit was reached. Please use another payment method.",
        ),
        FailureCode.NOT_SUPPORTED: Answers(
            is_hard=True,
            retry=Retry.NO,
            who_must_act=Actor.CUSTOMER,
            shown_to_customer="This card cannot be used here. Please use another payment method.",
        ),
        FailureCode.LOST_OR_STOLEN: Answers(
            is_hard=True,
            retry=Retry.NEVER,
            who_must_act=Actor.NOBODY,
            shown_to_customer=_GENERIC,
        ),
        FailureCode.SUSPECTED_FRAUD: Answers(
            is_hard=True,
            retry=Retry.NEVER,
            who_must_act=Actor.MERCHANT,
            shown_to_customer=_GENERIC,
        ),
        FailureCode.ACCOUNT_CLOSED: Answers(
            is_hard=True,
            retry=Retry.NEVER,
            who_must_act=Actor.CUSTOMER,
            shown_to_customer=_GENERIC,
        ),
        FailureCode.REVOKED: Answers(
            is_hard=True,
            retry=Retry.NEVER,
            who_must_act=Actor.CUSTOMER,
            shown_to_customer=_GENERIC,
        ),
        FailureCode.DO_NOT_HONOR: Answers(
            is_hard=False,
            retry=Retry.SPACED,
            who_must_act=Actor.BANK,
            shown_to_customer=(
                "Your bank declined the payment. "
                "Please use another payment method, or call your bank."
            ),
        ),
        FailureCode.DUPLICATE: Answers(
            is_hard=True,
            retry=Retry.AFTER_LOOK_UP,
            who_must_act=Actor.SYSTEM,
            shown_to_customer="This may have been paid already. Please wait before trying again.",
        ),
        FailureCode.MERCHANT_CONFIG: Answers(
            is_hard=True,
            retry=Retry.NO,
            who_must_act=Actor.DEVELOPER,
            shown_to_customer=_TECHNICAL,
        ),
        FailureCode.INVALID_AMOUNT: Answers(
            is_hard=True,
            retry=Retry.NO,
            who_must_act=Actor.DEVELOPER,
            shown_to_customer=_TECHNICAL,
        ),
        FailureCode.CUSTOMER_CANCELED: Answers(
            is_hard=False,
            retry=Retry.NEW_SESSION,
            who_must_act=Actor.CUSTOMER,
            shown_to_customer="You canceled the payment.",
        ),
        FailureCode.RISK_BLOCKED: Answers(
            is_hard=True,
            retry=Retry.AFTER_REVIEW,
            who_must_act=Actor.MERCHANT,
            shown_to_customer=_GENERIC,
        ),
        FailureCode.UNKNOWN_DECLINE: Answers(
            is_hard=False,
            retry=Retry.NO,
            who_must_act=Actor.CUSTOMER,
            shown_to_customer=_GENERIC,
        ),
    }
)

_NEVER: Final = Advice(is_hard=True, retry=Retry.NEVER)


def _wait(**time: int) -> Advice:
    return Advice(is_hard=False, retry=Retry.LATER, retry_after=timedelta(**time))


# Stripe's words, Mastercard's merchant advice codes, and Visa's category of codes that will
# never be approved. An advice that is not here, such as 43 (a virtual card for several uses),
# says nothing about trying again.
ADVICE: Final[Mapping[str, Advice]] = MappingProxyType(
    {
        "confirm_card_data": Advice(is_hard=True, retry=Retry.NO, who_must_act=Actor.CUSTOMER),
        "do_not_try_again": _NEVER,
        "try_again_later": Advice(is_hard=False, retry=Retry.LATER),
        "01": Advice(is_hard=False, retry=Retry.AFTER_UPDATE),
        "02": _wait(hours=72),
        "03": _NEVER,
        "04": Advice(is_hard=True, retry=Retry.NO, who_must_act=Actor.DEVELOPER),
        "21": _NEVER,
        "24": _wait(hours=1),
        "25": _wait(hours=24),
        "26": _wait(days=2),
        "27": _wait(days=4),
        "28": _wait(days=6),
        "29": _wait(days=8),
        "30": _wait(days=10),
        "40": Advice(is_hard=True, retry=Retry.NO, who_must_act=Actor.CUSTOMER),
        "41": Advice(is_hard=True, retry=Retry.NO, who_must_act=Actor.CUSTOMER),
        "visa_category_1": _NEVER,
    }
)


def _table(codes: Mapping[FailureCode, str]) -> Mapping[str, FailureCode]:
    """Turn a class and its codes into a code and its class."""
    return MappingProxyType({code: kind for kind, words in codes.items() for code in words.split()})


STRIPE: Final = _table(
    {
        FailureCode.INSUFFICIENT_FUNDS: "insufficient_funds",
        FailureCode.ISSUER_UNAVAILABLE: "issuer_not_available try_again_later",
        FailureCode.PROCESSING_ERROR: "processing_error reenter_transaction",
        FailureCode.AUTHENTICATION_REQUIRED: (
            "authentication_required offline_pin_required online_or_offline_pin_required"
        ),
        FailureCode.AUTHENTICATION_FAILED: "authentication_not_handled",
        FailureCode.INVALID_CARD_DATA: (
            "incorrect_address incorrect_number incorrect_cvc incorrect_pin incorrect_zip "
            "invalid_cvc invalid_expiry_month invalid_expiry_year invalid_number invalid_pin"
        ),
        FailureCode.EXPIRED_CARD: "expired_card",
        FailureCode.LIMIT_EXCEEDED: (
            "card_velocity_exceeded pin_try_exceeded withdrawal_count_limit_exceeded"
        ),
        FailureCode.NOT_SUPPORTED: (
            "card_not_supported currency_not_supported not_permitted service_not_allowed "
            "transaction_not_allowed"
        ),
        FailureCode.LOST_OR_STOLEN: "lost_card pickup_card restricted_card stolen_card",
        FailureCode.SUSPECTED_FRAUD: "fraudulent",
        FailureCode.ACCOUNT_CLOSED: "invalid_account",
        FailureCode.REVOKED: (
            "revocation_of_all_authorizations revocation_of_authorization stop_payment_order"
        ),
        FailureCode.DO_NOT_HONOR: (
            "approve_with_id call_issuer do_not_honor do_not_try_again generic_decline "
            "new_account_information_available no_action_taken security_violation"
        ),
        FailureCode.DUPLICATE: "duplicate_transaction",
        FailureCode.MERCHANT_CONFIG: "testmode_decline",
        FailureCode.INVALID_AMOUNT: "invalid_amount",
        FailureCode.RISK_BLOCKED: "merchant_blacklist",
    }
)

# Adyen's `refusalReasonCode`. Its code 0 may come with an authorization and is no decline.
ADYEN: Final = _table(
    {
        FailureCode.INSUFFICIENT_FUNDS: "12",
        FailureCode.ISSUER_UNAVAILABLE: "9",
        FailureCode.PROCESSING_ERROR: "4 19 40 41",
        FailureCode.AUTHENTICATION_REQUIRED: "33 36 37 38",
        FailureCode.AUTHENTICATION_FAILED: "11 39 42",
        FailureCode.INVALID_CARD_DATA: "8 17 24 32",
        FailureCode.EXPIRED_CARD: "6",
        FailureCode.LIMIT_EXCEEDED: "18 28 29",
        FailureCode.NOT_SUPPORTED: "10 23",
        FailureCode.LOST_OR_STOLEN: "5 25",
        FailureCode.SUSPECTED_FRAUD: "14 31",
        FailureCode.ACCOUNT_CLOSED: "34 35",
        FailureCode.REVOKED: "26",
        FailureCode.DO_NOT_HONOR: "2 3 27",
        FailureCode.MERCHANT_CONFIG: "21",
        FailureCode.INVALID_AMOUNT: "7",
        FailureCode.CUSTOMER_CANCELED: "15 16",
        FailureCode.RISK_BLOCKED: "20 22",
    }
)

ISO8583: Final = _table(
    {
        FailureCode.INSUFFICIENT_FUNDS: "51",
        FailureCode.ISSUER_UNAVAILABLE: "68 91",
        FailureCode.PROCESSING_ERROR: "06 19 96",
        FailureCode.AUTHENTICATION_REQUIRED: "1A 70",
        FailureCode.AUTHENTICATION_FAILED: "6P",
        FailureCode.INVALID_CARD_DATA: "14 15 55 82 N7",
        FailureCode.EXPIRED_CARD: "33 54",
        FailureCode.LIMIT_EXCEEDED: "61 65 75",
        FailureCode.NOT_SUPPORTED: "12 57 78 93",
        FailureCode.LOST_OR_STOLEN: "04 07 36 41 43 62",
        FailureCode.SUSPECTED_FRAUD: "34 59",
        FailureCode.ACCOUNT_CLOSED: "39 46 52 53",
        FailureCode.REVOKED: "R0 R1 R3",
        FailureCode.DO_NOT_HONOR: "01 02 05 63",
        FailureCode.DUPLICATE: "94",
        FailureCode.MERCHANT_CONFIG: "03 30 58 92",
        FailureCode.INVALID_AMOUNT: "13",
    }
)

_SCA_SCHEMES: Final = frozenset({"mastercard", "maestro"})
# Where PSD2 asks for strong customer authentication: the European Economic Area and the
# United Kingdom, by ISO 3166-1.
_SCA_COUNTRIES: Final = (
    "AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
)

_RETRYABLE: Final = frozenset({Retry.SOON, Retry.SAME_KEY, Retry.LATER, Retry.SPACED})
_FORBIDDEN: Final = frozenset({Retry.NO, Retry.NEVER})


def _code(text: str | None) -> str | None:
    return None if text is None else redacted(text, MOST_CODE_CHARACTERS)


def _message(text: str | None) -> str | None:
    return None if text is None else redacted(text, MOST_MESSAGE_CHARACTERS)


@attrs.frozen
class Failure:
    """
    A decline: its class, and the provider's own words for it.

        >>> failure = Failure.from_stripe("insufficient_funds")
        >>> failure.retry, failure.retry_after.total_seconds()
        (<Retry.LATER: 'later'>, 86400.0)

    What the network advises overrides the class:

        >>> Failure.from_stripe("insufficient_funds", advice_code="do_not_try_again").retry
        <Retry.NEVER: 'never'>

    Attributes:
        code: The class.
        raw_code: The provider's code, as it was.
        raw_message: The provider's message, without secrets and card numbers. Not for the
            customer.
        advice: What the network advised, as it was.
    """

    code: FailureCode = attrs.field(validator=is_a(FailureCode))
    raw_code: str | None = attrs.field(default=None, kw_only=True, converter=_code)
    raw_message: str | None = attrs.field(default=None, kw_only=True, converter=_message)
    advice: str | None = attrs.field(default=None, kw_only=True, converter=_code)

    @classmethod
    def from_stripe(
        cls,
        code: str | None,
        *,
        advice_code: str | None = None,
        message: str | None = None,
    ) -> Self:
        """
        Classify a decline by Stripe's `decline_code`, or `code` where there is none.

        Args:
            code: Stripe's word. One that is not known is an unknown decline.
            advice_code: Stripe's `advice_code`, or `network_advice_code` of a Mastercard.
            message: Stripe's message.
        """
        if advice_code is None and code == "do_not_try_again":
            advice_code = code  # the class alone would allow a few more attempts
        return cls._from(STRIPE, code, advice=advice_code, message=message)

    @classmethod
    def from_adyen(
        cls,
        code: str | int | None,
        *,
        mastercard_advice: str | None = None,
        message: str | None = None,
    ) -> Self:
        """
        Classify a decline by Adyen's `refusalReasonCode`.

        Args:
            code: Adyen's number. One that is not known is an unknown decline.
            mastercard_advice: The two digits of a Mastercard's `merchantAdviceCode`.
            message: Adyen's `refusalReason`, which the customer must not see.
        """
        return cls._from(ADYEN, code, advice=mastercard_advice, message=message)

    @classmethod
    def from_iso8583(
        cls,
        code: str | None,
        *,
        mastercard_advice: str | None = None,
        visa_category: int | None = None,
        scheme: str | None = None,
        issuer_country: str | None = None,
        message: str | None = None,
    ) -> Self:
        """
        Classify a decline by a response code of ISO 8583.

        Code 65 means two things: on a Mastercard issued where PSD2 holds it asks for strong
        customer authentication, elsewhere it is a limit on the number of payments.

        Args:
            code: Two characters. A code that is not known is an unknown decline.
            mastercard_advice: Mastercard's merchant advice code, two digits.
            visa_category: Visa's category of the code, 1 to 4.
            scheme: Such as `mastercard`.
            issuer_country: Country of the card's bank, by ISO 3166-1, such as `DE`.
            message: The provider's message.
        """
        advice = mastercard_advice
        if advice is None and visa_category is not None:
            advice = f"visa_category_{visa_category}"
        failure = cls._from(ISO8583, code, advice=advice, message=message)
        if code == "65" and _asks_for_authentication(scheme, issuer_country):
            return attrs.evolve(failure, code=FailureCode.AUTHENTICATION_REQUIRED)
        return failure

    @classmethod
    def _from(
        cls,
        table: Mapping[str, FailureCode],
        code: str | int | None,
        *,
        advice: str | None,
        message: str | None,
    ) -> Self:
        raw_code = None if code is None else str(code)
        kind = table.get(raw_code or "", FailureCode.UNKNOWN_DECLINE)
        return cls(kind, raw_code=raw_code, raw_message=message, advice=advice)

    @property
    def is_hard(self) -> bool:
        """Whether the same source will fail again, whenever it is tried."""
        return self._answers.is_hard

    @property
    def retry(self) -> Retry:
        """Whether the same source may be tried again."""
        return self._answers.retry

    @property
    def retry_after(self) -> timedelta | None:
        """How long to wait at least before that, where the class or the network says so."""
        return self._answers.retry_after

    @property
    def is_retryable(self) -> bool:
        """Whether a program may try the same source again by itself, now or later."""
        return self.retry in _RETRYABLE

    @property
    def who_must_act(self) -> Actor:
        """Who must do something before the payment can succeed."""
        return self._answers.who_must_act

    @property
    def shown_to_customer(self) -> str:
        """What may be shown. It never says that a card is lost, stolen, closed or suspected."""
        return ANSWERS[self.code].shown_to_customer

    @property
    def means_unknown(self) -> bool:
        """Whether the money may have moved: a duplicate was refused, so there is a first one."""
        return self.code is FailureCode.DUPLICATE

    @property
    def _answers(self) -> Answers:
        own, advice = ANSWERS[self.code], ADVICE.get(self.advice or "")
        if advice is None or not self._heeds(advice):
            return own
        wait = advice.retry_after or own.retry_after
        return attrs.evolve(
            own,
            is_hard=advice.is_hard,
            retry=advice.retry,
            retry_after=wait if advice.retry is Retry.LATER else None,
            who_must_act=advice.who_must_act or own.who_must_act,
        )

    def _heeds(self, advice: Advice) -> bool:
        """Whether `advice` counts: it may forbid what we do not understand, never allow it."""
        if self.means_unknown:
            return False
        return self.code is not FailureCode.UNKNOWN_DECLINE or advice.retry in _FORBIDDEN


def _asks_for_authentication(scheme: str | None, issuer_country: str | None) -> bool:
    return (scheme or "").casefold() in _SCA_SCHEMES and issuer_country in _SCA_COUNTRIES.split()
