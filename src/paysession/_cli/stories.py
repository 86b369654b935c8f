"""The stories: an order, what its customer pays with, and what is done step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs

from paysession._cli.stage import Stage
from paysession._domain.methods import CapturePolicy, PaymentMethod
from paysession._domain.movements import RefundReason
from paysession._domain.payable import Payable
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.sources import CreditCard
from paysession._flows.requests import AnyOperation
from paysession._money import Money
from paysession.gateways.bogus import BogusGateway

_PAST_EVERY_LEASE: Final = timedelta(hours=1)

Record: TypeAlias = PaymentSession | AnyOperation
Act: TypeAlias = Callable[[Stage], tuple[Record, ...]]


class NotReached(Exception):
    """A step needs what an earlier one did not come to."""


class StoryName(StrEnum):
    """What each story is called."""

    CARD = "card"
    DECLINED = "declined"
    TIMEOUT = "timeout"
    HOSTED = "hosted"
    YEN = "yen"
    DINAR = "dinar"


@attrs.frozen
class Step:
    """
    One thing that is done.

    Attributes:
        title: What, for the reader.
        act: Does it, and returns the records it is about.
        after: How much time has passed since the step before.
    """

    title: str
    act: Act
    after: timedelta = timedelta(minutes=1)


@attrs.frozen(kw_only=True)
class Story:
    """
    What happens to one order.

    Attributes:
        title: What it is about.
        total: What the order costs.
        steps: What is done, in order.
    """

    title: str
    total: Money
    steps: tuple[Step, ...]


def _open(total: Money, *, card: CreditCard, capture: CapturePolicy, hosted: bool = False) -> Act:
    def act(stage: Stage) -> tuple[Record, ...]:
        session = stage.payments.create_session(
            Payable("or_UkLWZg9DAJ", total=total),
            method=PaymentMethod(
                id="pm_UkLWZg9DAJ",
                name="Credit Card",
                type="Spree::Gateway::Bogus",
                gateway=stage.gateway_name,
                capture=capture,
            ),
            source=card,
            hosted=hosted,
            return_url="https://shop.example/thanks",
            cancel_url="https://shop.example/cart",
        )
        return (session,)

    return act


def _complete(
    *, card: CreditCard | None = None, external_data: Mapping[str, object] | None = None
) -> Act:
    def act(stage: Stage) -> tuple[Record, ...]:
        session_id = _session_id(stage)
        session = stage.payments.complete_session(
            session_id, source=card, external_data=external_data
        )
        return (session,)

    return act


def _capture(amount: Money | None = None) -> Act:
    def act(stage: Stage) -> tuple[Record, ...]:
        return (stage.payments.capture(_payment(stage).id, amount=amount),)

    return act


def _refund(amount: Money) -> Act:
    def act(stage: Stage) -> tuple[Record, ...]:
        refund = stage.payments.refund(
            _payment(stage).id, amount=amount, reason=RefundReason.REQUESTED_BY_CUSTOMER
        )
        return (refund,)

    return act


def _recover(stage: Stage) -> tuple[Record, ...]:
    return stage.payments.recover()


def _session_id(stage: Stage) -> str:
    if stage.session_id is None:
        raise NotReached("there is no session")
    return stage.session_id


def _payment(stage: Stage) -> Payment:
    payment = stage.payment()
    if payment is None:
        raise NotReached("there is no payment")
    return payment


def _card(last4: str, token: str) -> CreditCard:
    """A card whose profile at the provider scripts what happens to it."""
    return CreditCard(
        id=f"card_{last4}", profile_id=token, brand="visa", last4=last4, month=12, year=2030
    )


_AUTOMATIC, _MANUAL = CapturePolicy.AUTOMATIC, CapturePolicy.MANUAL
_token = BogusGateway.token
_ORDER: Final = Money("110.00", "USD")
_YEN: Final = Money(1000, "JPY")
_DINAR: Final = Money("12.345", "KWD")
_PLAIN: Final = _card("1111", _token())
_SECURE: Final = _card("3220", _token(complete="require_action"))
_EMPTY: Final = _card("9995", _token(complete="decline:insufficient_funds"))
_SILENT: Final = _card("0119", _token(capture="timeout_after"))

_OPEN: Final = "The backend opens a session for the order"
_COMPLETE: Final = "The customer pays"

STORIES: Final[Mapping[StoryName, Story]] = MappingProxyType(
    {
        StoryName.CARD: Story(
            title="A card with 3-D Secure: taken in two parts, and given back in part",
            total=_ORDER,
            steps=(
                Step(_OPEN, _open(_ORDER, card=_SECURE, capture=_MANUAL)),
                Step("The customer pays, and the bank wants 3-D Secure", _complete()),
                Step("The customer has confirmed, and the session is completed", _complete()),
                Step(
                    "The first parcel leaves: 60.00 USD are captured",
                    _capture(Money("60.00", "USD")),
                ),
                Step("The second parcel leaves: the rest is captured", _capture()),
                Step(
                    "Something comes back: 45.01 USD are refunded", _refund(Money("45.01", "USD"))
                ),
            ),
        ),
        StoryName.DECLINED: Story(
            title="A card without funds, and then another one",
            total=_ORDER,
            steps=(
                Step(_OPEN, _open(_ORDER, card=_EMPTY, capture=_AUTOMATIC)),
                Step("The customer pays, and the bank refuses", _complete()),
                Step("The customer tries another card", _complete(card=_PLAIN)),
            ),
        ),
        StoryName.TIMEOUT: Story(
            title="A capture that is not answered, and is not made twice",
            total=_ORDER,
            steps=(
                Step(_OPEN, _open(_ORDER, card=_SILENT, capture=_MANUAL)),
                Step(_COMPLETE, _complete()),
                Step("The order is captured, and the answer is lost", _capture()),
                Step(
                    "An hour later, recovery asks the provider what became of it",
                    _recover,
                    _PAST_EVERY_LEASE,
                ),
                Step("Once more, to be sure: everything is captured", _capture()),
            ),
        ),
        StoryName.HOSTED: Story(
            title="The provider's own page: a redirect and a return",
            total=_ORDER,
            steps=(
                Step(
                    "The backend opens a session, and the browser is sent to the provider",
                    _open(_ORDER, card=_SECURE, capture=_AUTOMATIC, hosted=True),
                ),
                Step(
                    "The browser is back too early, and says that all is well",
                    _complete(external_data={"redirect_status": "succeeded"}),
                ),
                Step("The customer has paid there, and the browser is back", _complete()),
            ),
        ),
        StoryName.YEN: Story(
            title="Yen, which have no decimals",
            total=_YEN,
            steps=(
                Step(_OPEN, _open(_YEN, card=_PLAIN, capture=_AUTOMATIC)),
                Step(_COMPLETE, _complete()),
                Step("Something comes back: 1 JPY is refunded", _refund(Money(1, "JPY"))),
            ),
        ),
        StoryName.DINAR: Story(
            title="Kuwaiti dinars, which have three decimals",
            total=_DINAR,
            steps=(
                Step(_OPEN, _open(_DINAR, card=_PLAIN, capture=_AUTOMATIC)),
                Step(_COMPLETE, _complete()),
                Step(
                    "Something comes back: 0.005 KWD are refunded", _refund(Money("0.005", "KWD"))
                ),
            ),
        ),
    }
)
"""Every story by its name."""
