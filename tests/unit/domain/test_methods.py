"""How a customer may pay."""

from __future__ import annotations

import attrs
import pytest

from paysession._domain.methods import (
    CapturePolicy,
    LatePolicy,
    PaymentMethod,
    Terms,
    UnderpaidPolicy,
)
from paysession.errors import LimitExceeded, UnsafeInput


def test_a_method_is_named_by_its_gateway_and_takes_money_at_once_unless_it_says_otherwise() -> (
    None
):
    method = PaymentMethod(id="pm_1", name="Card", gateway="bogus")
    assert ("bogus", CapturePolicy.AUTOMATIC, UnderpaidPolicy.RELEASE, None) == (
        method.provider,
        method.capture,
        method.on_underpaid,
        method.description,
    )
    assert LatePolicy.KEEP is method.on_late
    assert (True, True) == (method.session_required, method.source_required)


def test_policies_may_be_given_as_text() -> None:
    method = PaymentMethod(
        id="pm_1",
        name="Card",
        gateway="bogus",
        description="With 3-D Secure",
        capture="manual",
        on_underpaid="accept",
        on_late="refund",
    )
    assert (CapturePolicy.MANUAL, UnderpaidPolicy.ACCEPT) == (method.capture, method.on_underpaid)
    assert LatePolicy.REFUND is method.on_late
    assert "With 3-D Secure" == method.description


def test_a_method_holds_no_text_that_is_too_long_and_no_card_number() -> None:
    with pytest.raises(LimitExceeded):
        PaymentMethod(id="pm_1", name="x" * 256, gateway="bogus")
    with pytest.raises(UnsafeInput):
        PaymentMethod(id="4242 4242 4242 4242", name="Card", gateway="bogus")


def test_the_notes_of_terms_are_not_shown() -> None:
    terms = Terms(payable_id="order", payable_reference="R1")
    assert "metadata" not in repr(terms)
    assert {} == dict(terms.metadata)


def test_a_provider_holds_what_waits_for_the_rest_to_be_covered() -> None:
    waiting = Terms(payable_id="or_1", payable_reference="R1", capture=CapturePolicy.WHEN_COVERED)
    at_once = attrs.evolve(waiting, capture=CapturePolicy.AUTOMATIC)

    assert CapturePolicy.MANUAL is waiting.for_provider.capture
    assert at_once is at_once.for_provider
