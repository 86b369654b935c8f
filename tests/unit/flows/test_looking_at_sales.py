"""What came in one step had no call of its own: the call that brought it is looked up."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from flow_builders import DECLINE, Shop, eur, seen
from notifying import notifying_shop, tell
from payment_builders import Till

from paysession._domain.movements import Capture
from paysession._domain.operations import Origin
from paysession._drivers import drive
from paysession._flows.carrying import description_of
from paysession._flows.looking import Sighting, look_at
from paysession.gateways import Capabilities
from paysession.gateways.requests import LookUpRequest
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import Bounced, Captured, References, Report, Retaken

HINTS = Capabilities(signs_facts=False)
TAKEN = References.of(capture="ch_1")


def _looked_at(shop: Shop[Any], capture: Capture) -> Sighting:
    description = drive(description_of(capture.gateway), shop.payments.ports)
    return drive(look_at(capture, description), shop.payments.ports)


def _capture_in(shop: Shop[Any]) -> Capture:
    (capture,) = (each for each in shop.store.entities() if isinstance(each, Capture))
    return capture


def _asked_about(shop: Shop[Any]) -> tuple[str, str]:
    request = shop.gateway.calls[-1]
    assert isinstance(request, LookUpRequest)
    return request.operation_id, request.about


def test_a_hint_that_a_sale_came_undone_is_looked_up_with_its_attempt() -> None:
    shop = notifying_shop(HINTS, complete_session=Captured(eur(100), references=TAKEN))
    session = shop.completed()
    shop.gateway.then("look_up", seen(Bounced(DECLINE, references=TAKEN)))

    tell(shop, Report(Bounced(DECLINE), references=TAKEN))

    assert (session.attempt_id, "complete_session") == _asked_about(shop)
    assert session.payment_id is not None
    assert PaymentStatus.LAPSED is shop.payments.get_payment(session.payment_id).status


@pytest.mark.parametrize("what", [Sighting.SEEN, Sighting.NOT_SEEN])
def test_what_a_charge_took_is_looked_up_with_the_charge(what: Sighting) -> None:
    till = Till()
    payment = till.charged()
    till.gateway.then("look_up", seen(Bounced(DECLINE)) if what is Sighting.SEEN else ())

    assert what is _looked_at(till, _capture_in(till))

    assert (payment.attempt_id, "charge") == _asked_about(till)
    is_undone = till.payments.get_payment(payment.id).status is PaymentStatus.LAPSED
    assert is_undone is (what is Sighting.SEEN)


@pytest.mark.parametrize(
    ("words", "is_taken"),
    [((Bounced(DECLINE),), False), ((Bounced(DECLINE), Retaken(eur(100))), True)],
)
def test_what_is_told_of_a_sale_by_its_own_id_its_attempt_knows_as_well(
    words: tuple[Bounced | Retaken, ...], is_taken: bool
) -> None:
    shop = notifying_shop(complete_session=Captured(eur(100), references=TAKEN))
    session = shop.completed()

    received = [tell(shop, Report(word, references=TAKEN)).settled for word in words]

    attempt = shop.attempt(session)
    assert {(attempt.id,)} == set(received)
    assert (is_taken, is_taken) == (attempt.succeeded, _capture_in(shop).succeeded)


def test_what_a_person_marked_as_paid_is_looked_up_as_itself() -> None:
    till = Till()
    till.charged()
    marked = attrs.evolve(_capture_in(till), id="ca_marked", origin=Origin.PERSON)
    till.gateway.then("look_up", ())

    assert Sighting.NOT_SEEN is _looked_at(till, marked)

    assert ("ca_marked", "capture") == _asked_about(till)
