"""Every command that takes an idempotency key, ready to be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs
from flow_builders import CARD, ScriptedGateway, Shop, card, eur, order

from paysession import CapturePolicy, Payment, PaymentMethod
from paysession._domain.sources import Profile
from paysession.gateways import Capabilities
from paysession.gateways.requests import (
    CancelRefundRequest,
    ChargeRequest,
    CompleteSetupSessionRequest,
    CreateSetupSessionRequest,
)
from paysession.outcomes import (
    Accepted,
    Authorized,
    Canceled,
    Captured,
    Pending,
    References,
    Stored,
)

CHECK = PaymentMethod(
    id="pm_4", name="Check", gateway="checks", session_required=False, source_required=False
)
Given: TypeAlias = tuple[tuple[object, ...], dict[str, Any]]


class FullGateway(ScriptedGateway):
    """A scripted gateway with every method; what no test scripted is approved."""

    def charge(self, request: ChargeRequest) -> Any:
        paid = Captured if request.terms.capture is CapturePolicy.AUTOMATIC else Authorized
        references = References.of(authorization=f"pi_{request.key}")
        return self._answer(request) or paid(request.amount, references=references)

    def cancel_refund(self, request: CancelRefundRequest) -> Any:
        return self._answer(request) or Canceled()

    def create_setup_session(self, request: CreateSetupSessionRequest) -> Any:
        return self._answer(request) or Accepted()

    def complete_setup_session(self, request: CompleteSetupSessionRequest) -> Any:
        return self._answer(request) or Stored(Profile(id="card_9"))


class KeyedShop(Shop[FullGateway]):
    """A backend with a gateway that can do everything, and one that people speak for."""

    def __init__(self) -> None:
        can = Capabilities(look_up_is_authoritative=True)
        super().__init__(FullGateway(can))
        by_person = Capabilities(settled_by_person=True)
        self.gateways["checks"] = FullGateway(by_person)

    def waiting(self) -> Payment:
        return self.payments.create_payment(order(), method=CHECK)

    def give(self, command: str, given: Given, **more: object) -> Any:
        args, kwargs = given
        return getattr(self.payments, command)(*args, **kwargs, **more)


@attrs.frozen
class Keyed:
    """
    A command, what it is given, and something else of the same kind that it might be given.

    `calls` is the gateway's method that it is carried out by, if any.
    """

    command: str
    calls: str | None
    prepared: Callable[[KeyedShop], tuple[Given, Given]] = attrs.field(repr=False)


def given(*args: object, **kwargs: object) -> Given:
    return args, kwargs


def _create_session(shop: KeyedShop) -> tuple[Given, Given]:
    return given(order(), method=CARD), given(order(), method=CARD, amount=eur(50))


def _update_session(shop: KeyedShop) -> tuple[Given, Given]:
    session = shop.opened()
    return given(session.id, amount=eur(50)), given(session.id, amount=eur(60))


def _complete_session(shop: KeyedShop) -> tuple[Given, Given]:
    session = shop.opened(total=20)
    return given(session.id), given(session.id, source=card())


def _cancel_session(shop: KeyedShop) -> tuple[Given, Given]:
    return given(shop.opened(total=20).id), given(shop.opened(total=20).id)


def _create_payment(shop: KeyedShop) -> tuple[Given, Given]:
    return given(order(), method=CHECK), given(order(), method=CHECK, metadata={"note": "late"})


def _abandon_payment(shop: KeyedShop) -> tuple[Given, Given]:
    abandoned = shop.waiting()
    shop.payments.abandon_payment(abandoned.id)
    return given(shop.waiting().id), given(abandoned.id)


def _mark_paid(shop: KeyedShop) -> tuple[Given, Given]:
    payment = shop.waiting()
    return given(payment.id, amount=eur(40)), given(payment.id, amount=eur(30))


def _mark_bounced(shop: KeyedShop) -> tuple[Given, Given]:
    payment = shop.waiting()
    first, second = (shop.payments.mark_paid(payment.id, amount=eur(10)) for _ in range(2))
    return given(first.id), given(second.id)


def _mark_refunded(shop: KeyedShop) -> tuple[Given, Given]:
    payment = shop.waiting()
    shop.payments.mark_paid(payment.id)
    return given(payment.id, amount=eur(40)), given(payment.id, amount=eur(30))


def _charge(shop: KeyedShop) -> tuple[Given, Given]:
    kwargs = {"method": CARD, "source": card(), "amount": eur(40)}
    return given(order(), **kwargs), given(order(), **{**kwargs, "amount": eur(30)})


def _capture(shop: KeyedShop) -> tuple[Given, Given]:
    payment = shop.held()
    return given(payment.id, amount=eur(40)), given(payment.id, amount=eur(30))


def _void(shop: KeyedShop) -> tuple[Given, Given]:
    payment = shop.held()
    return given(payment.id), given(payment.id, amount=eur(100))


def _refund(shop: KeyedShop) -> tuple[Given, Given]:
    payment = shop.taken()
    return given(payment.id, amount=eur(40)), given(payment.id, amount=eur(30))


def _pending_refunds(shop: KeyedShop) -> tuple[str, str]:
    payment = shop.taken()
    shop.gateway.then("refund", Pending(), Pending())
    first, second = (shop.payments.refund(payment.id, amount=eur(10)) for _ in range(2))
    return first.id, second.id


def _cancel_refund(shop: KeyedShop) -> tuple[Given, Given]:
    first, second = _pending_refunds(shop)
    return given(first), given(second)


def _resolve(shop: KeyedShop) -> tuple[Given, Given]:
    said: dict[str, Any] = {"decision": "succeeded", "actor": "staff_7", "reason": "seen there"}
    first, second = _pending_refunds(shop)
    return given(first, **said), given(second, **said)


def _create_setup_session(shop: KeyedShop) -> tuple[Given, Given]:
    return given(CARD, customer_id="cu_1"), given(CARD, customer_id="cu_2")


def _complete_setup_session(shop: KeyedShop) -> tuple[Given, Given]:
    session = shop.payments.create_setup_session(CARD)
    return given(session.id), given(session.id, external_data={"nonce": "1"})


def _cancel_setup_session(shop: KeyedShop) -> tuple[Given, Given]:
    first, second = (shop.payments.create_setup_session(CARD) for _ in range(2))
    return given(first.id), given(second.id)


KEYED: Mapping[str, Keyed] = {
    each.command: each
    for each in (
        Keyed("create_session", "create_session", _create_session),
        Keyed("update_session", "update_session", _update_session),
        Keyed("complete_session", "complete_session", _complete_session),
        Keyed("cancel_session", "close_session", _cancel_session),
        Keyed("create_payment", None, _create_payment),
        Keyed("abandon_payment", None, _abandon_payment),
        Keyed("mark_paid", None, _mark_paid),
        Keyed("mark_bounced", None, _mark_bounced),
        Keyed("mark_refunded", None, _mark_refunded),
        Keyed("charge", "charge", _charge),
        Keyed("capture", "capture", _capture),
        Keyed("void", "void", _void),
        Keyed("refund", "refund", _refund),
        Keyed("cancel_refund", "cancel_refund", _cancel_refund),
        Keyed("resolve", None, _resolve),
        Keyed("create_setup_session", "create_setup_session", _create_setup_session),
        Keyed("complete_setup_session", "complete_setup_session", _complete_setup_session),
        Keyed("cancel_setup_session", None, _cancel_setup_session),
    )
}
