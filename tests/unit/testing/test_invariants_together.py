"""All invariants together: which there are, when each is looked at, and how one is told."""

from __future__ import annotations

import pickle
from pathlib import Path

import attrs
import pytest
from history_builders import Teller, account, at, eur, heard, refunding, taken

from paysession import Payment
from paysession._flows.asks import Describe, Read
from paysession.errors import InvalidSignature
from paysession.gateways import Capabilities, Notification
from paysession.outcomes import Pending
from paysession.stores import Changes, Claim
from paysession.testing._invariants import (
    ALL_CHECKS,
    NOT_OURS,
    Effect,
    EffectKind,
    History,
    InvariantBroken,
    check,
    code_of,
    sentence_of,
)

CODES = [code_of(each) for each in ALL_CHECKS]
TESTS = Path(__file__).parents[2]


def test_every_invariant_is_checked_or_proven_elsewhere() -> None:
    every = [f"I{number}" for number in range(1, 53)]
    assert every == sorted([*CODES, *NOT_OURS], key=lambda code: int(code[1:]))


def test_they_are_in_order_and_each_says_what_must_hold() -> None:
    assert CODES == sorted(CODES, key=lambda code: int(code[1:]))
    assert all(sentence_of(each).endswith(".") for each in ALL_CHECKS)
    assert all("\n" not in sentence_of(each) for each in ALL_CHECKS)


@pytest.mark.parametrize("code", list(NOT_OURS))
def test_what_is_proven_elsewhere_names_where(code: str) -> None:
    words = NOT_OURS[code].rstrip(".").replace(",", " ").split()
    named = [word for word in words if word.startswith("tests/")]
    assert named
    assert all((TESTS.parent / name).is_file() for name in named)


def played() -> Teller:
    """A refund that was asked for, and is pending."""
    teller = Teller(flow="refund#1")
    teller.minutes = 0
    teller.look_at_the_clock()
    payment, authorization, capture = taken()
    payment, refund = refunding(payment, 40)
    teller.history.kept["I20"] = {at(0), at(1)}
    teller.commit(payment, authorization, capture, refund, account())
    return teller


def test_a_history_that_holds_is_passed_over_at_every_moment() -> None:
    teller = Teller(flow="refund#1")
    teller.look_at_the_clock()
    check(teller.history)
    teller.commit(account())
    check(teller.history)
    teller.note(Describe("bogus"))
    check(teller.history)
    teller.note()
    check(teller.history)
    teller.note(Read("bogus", Notification(b"", {})), error=InvalidSignature())
    check(teller.history)
    teller.end("receive_notification", error=InvalidSignature())
    check(teller.history)
    teller.history.published = []
    teller.history.is_over = True
    with pytest.raises(InvariantBroken):
        check(teller.history)
    teller.history.kept["I44"] = {}
    check(teller.history)
    assert teller.history.checks["I41"] == 2


def test_the_first_that_is_broken_is_told_and_the_others_are_named() -> None:
    teller = played()
    payment = teller.history.get(Payment, "py_1")
    assert payment is not None
    broken = attrs.evolve(payment.balances, refund_in_flight=eur(0))
    teller.write_only(attrs.evolve(payment, version=5, balances=broken))
    with pytest.raises(InvariantBroken) as caught:
        check(teller.history)
    error = caught.value
    assert ("I43", ("I44", "I41", "I7")) == (error.code, error.also)
    assert str(error).startswith("I43 is broken: Of those who change the same version")
    assert error.code == pickle.loads(pickle.dumps(error)).code


def test_nothing_has_happened_to_a_new_history() -> None:
    history = History()
    check(history)
    with pytest.raises(AssertionError, match="nothing has happened"):
        str(history.run)


def test_a_claim_is_held_until_the_one_who_has_it_gives_it_up() -> None:
    teller = Teller()
    own = Claim(namespace="idempotency", text="t", kind="refund", id="re_1")
    other = attrs.evolve(own, id="re_2")
    teller.write(Changes(tenant="", entities=(), claims=(own,)))
    assert own is teller.history.claims["idempotency", "t"]
    teller.write(Changes(tenant="", entities=(), released=(other,)))
    assert own is teller.history.claims["idempotency", "t"]
    teller.write(Changes(tenant="", entities=(), released=(own,)))
    assert {} == teller.history.claims
    teller.write(Changes(tenant="", entities=(), released=(own,)))
    assert {} == teller.history.claims


def test_of_a_gateway_that_nobody_described_the_common_case_is_assumed() -> None:
    teller = Teller()
    assert Capabilities() == teller.history.capabilities_of("bogus")
    quiet = Capabilities(signs_facts=False)
    teller.behaves(quiet)
    assert quiet is teller.history.capabilities_of("bogus")


def test_an_effect_says_what_happened_to_whose_money() -> None:
    effect = Effect(
        operation_id=None,
        kind=EffectKind.HELD,
        amount=eur(1),
        key=None,
        at=at(0),
        reference="r",
    )
    assert not effect.undone
    assert heard(Pending()).fact == Pending()
