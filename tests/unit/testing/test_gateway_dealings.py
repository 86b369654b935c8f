"""What is known of operations whose answers may be lost, and what the books may say therefore."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.sources import StoredSource
from paysession._money import Money
from paysession.gateways import Request
from paysession.outcomes import (
    Accepted,
    Authorized,
    Canceled,
    Captured,
    Declined,
    NotAttempted,
    Outcome,
    Pending,
    References,
    Refunded,
    Rejected,
    Unknown,
    Voided,
)
from paysession.testing._gateways.dealings import Dealing, Sale, Standing
from paysession.testing._gateways.orders import AUTOMATIC, MANUAL, Orders

TEN, THREE, NOTHING = Money("10", "EUR"), Money("3", "EUR"), Money("0", "EUR")
FAILURE = Failure(FailureCode.DO_NOT_HONOR)
OPENED = References.of(session="cs_1")
ORDERS = Orders()
SOURCE = StoredSource(id="src_1", profile_id="pm_1")


class Contradicted(Exception):
    pass


class Strict:
    def broken(self, what: str, expected: object, actual: object) -> NoReturn:
        raise Contradicted(what)


BENCH: Any = Strict()


def capture(*answers: Outcome, amount: Money = THREE) -> Dealing:
    return answered(ORDERS.capture(OPENED, amount), amount, *answers)


def answered(request: Request[Any], amount: Money, *answers: Outcome) -> Dealing:
    dealing = Dealing(request, amount)
    for answer in answers:
        dealing.is_answered(answer, BENCH)
    return dealing


def charged(*answers: Outcome, takes: bool = False, then: tuple[Dealing, ...] = ()) -> Sale:
    policy = AUTOMATIC if takes else MANUAL
    first = answered(ORDERS.charge(TEN, SOURCE, policy=policy), TEN, *answers)
    sale = Sale(TEN, takes, [first, *then])
    sale.learn(BENCH)
    return sale


def bounds(sale: Sale, *, first_capture_closes: bool = False) -> dict[str, tuple[Money, Money]]:
    return dict(sale.bounds(first_capture_closes=first_capture_closes))


@pytest.mark.parametrize(
    ("answers", "standing"),
    [
        ([Unknown()], Standing.OPEN),
        ([Pending()], Standing.OPEN),
        ([Captured(THREE)], Standing.DONE),
        ([Declined(FAILURE)], Standing.UNDONE),
        ([Rejected(FAILURE)], Standing.UNTRIED),
        ([NotAttempted()], Standing.UNTRIED),
        ([NotAttempted(), Captured(THREE)], Standing.DONE),
        ([NotAttempted(), Unknown()], Standing.OPEN),
        ([NotAttempted(), NotAttempted()], Standing.UNTRIED),
        ([Unknown(), NotAttempted()], Standing.OPEN),
        ([Unknown(), Rejected(FAILURE)], Standing.OPEN),
        ([Unknown(), Captured(THREE)], Standing.DONE),
        ([Captured(THREE), NotAttempted()], Standing.DONE),
        ([Declined(FAILURE), Unknown()], Standing.UNDONE),
    ],
)
def test_an_operation_stands_as_it_was_answered(answers: list[Outcome], standing: Standing) -> None:
    assert standing is capture(*answers).standing


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (Captured(THREE), Declined(FAILURE)),
        (Declined(FAILURE), Captured(THREE)),
        (Captured(THREE), Captured(TEN)),
        (NotAttempted(), Captured(THREE)),
    ],
)
def test_what_was_settled_cannot_be_told_otherwise(answer: Outcome, fact: Any) -> None:
    with pytest.raises(Contradicted, match="what is told of capture"):
        capture(answer).is_told(fact, BENCH)


def test_what_was_done_cannot_be_missing() -> None:
    with pytest.raises(Contradicted):
        capture(Captured(THREE)).is_not_found(BENCH)


def test_what_is_not_found_was_not_done_until_it_is_asked_for_again() -> None:
    missing, made_again = capture(Unknown()), capture(Unknown())
    for each in (missing, made_again):
        each.is_not_found(BENCH)
    made_again.is_answered(Captured(THREE), BENCH)
    assert [Standing.UNTRIED, Standing.DONE] == [missing.standing, made_again.standing]


def test_what_was_refused_is_refused_whether_or_not_it_is_found() -> None:
    dealing = capture(Declined(FAILURE))
    dealing.is_not_found(BENCH)
    assert Standing.UNDONE is dealing.standing


def test_what_was_done_moves_what_the_provider_says_and_not_what_was_asked() -> None:
    assert [TEN, THREE] == [capture(each).amount for each in (Captured(TEN), Unknown())]


def test_what_is_told_in_another_currency_is_no_answer() -> None:
    with pytest.raises(Contradicted, match=r"what is told of capture"):
        capture(Captured(Money("3", "USD")))


def test_a_charge_that_may_be_done_may_be_held() -> None:
    assert (NOTHING, TEN) == bounds(charged(Unknown()))["held"]
    assert (NOTHING, NOTHING) == bounds(charged(Unknown()))["taken"]


def test_a_charge_that_takes_at_once_may_be_taken() -> None:
    assert (NOTHING, TEN) == bounds(charged(Unknown(), takes=True))["taken"]


def test_what_was_taken_was_held_first() -> None:
    told = bounds(charged(Captured(TEN), takes=True))
    assert [(TEN, TEN), (TEN, TEN)] == [told["held"], told["taken"]]


def test_captures_and_refunds_add_up() -> None:
    refunds = [answered(ORDERS.refund(OPENED, THREE), THREE, each) for each in _told(Refunded)]
    moves = (*(capture(each) for each in _told(Captured)), *refunds)
    told = bounds(charged(Authorized(TEN), then=moves))
    assert [(THREE, THREE * 2)] * 2 == [told["taken"], told["given_back"]]


def _told(kind: Any) -> tuple[Outcome, ...]:
    return kind(THREE), Unknown(), Declined(FAILURE)


def test_what_was_released_may_be_answered_as_released_again() -> None:
    voids = [answered(ORDERS.void(OPENED, TEN), TEN, Voided(TEN)) for _ in range(2)]
    assert (TEN, TEN * 2) == bounds(charged(Authorized(TEN), then=tuple(voids)))["released"]


@pytest.mark.parametrize(
    ("answer", "most"), [(Captured(THREE), TEN), (Unknown(), TEN), (Declined(FAILURE), NOTHING)]
)
def test_a_capture_that_closes_may_release_the_rest(answer: Outcome, most: Money) -> None:
    sale = charged(Authorized(TEN), then=(capture(answer),))
    assert (NOTHING, most) == bounds(sale, first_capture_closes=True)["released"]


def test_a_session_is_paid_once_however_often_it_is_completed() -> None:
    sale = _in_session(Authorized(TEN), Authorized(TEN))
    assert (TEN, TEN) == bounds(sale)["held"]


def test_a_closed_session_was_not_paid_whatever_was_open() -> None:
    sale = _in_session(Unknown(), closing=Canceled())
    assert Standing.UNDONE is sale.of("complete_session")[0].standing
    assert (NOTHING, NOTHING) == bounds(sale)["held"]


def test_a_paid_session_cannot_turn_out_to_be_closed() -> None:
    with pytest.raises(Contradicted):
        _in_session(Authorized(TEN), closing=Canceled())


def test_a_session_that_turns_out_to_be_paid_was_paid() -> None:
    sale = _in_session(Unknown(), closing=Authorized(TEN))
    assert (TEN, TEN) == bounds(sale)["held"]


def _in_session(*completions: Outcome, closing: Outcome | None = None) -> Sale:
    session = ORDERS.creation(TEN)
    sale = Sale(TEN, False, [answered(session, TEN, Accepted(references=OPENED))])
    for each in completions:
        sale.dealings.append(answered(ORDERS.completion(session, OPENED), TEN, each))
    if closing is not None:
        sale.dealings.append(answered(ORDERS.closing(session, OPENED), NOTHING, closing))
    sale.learn(BENCH)
    return sale


def test_a_refund_that_was_called_off_gave_nothing_back() -> None:
    request, other = ORDERS.refund(OPENED, THREE), ORDERS.refund(OPENED, THREE)
    refunds = [answered(each, THREE, Pending()) for each in (request, other)]
    called_off = answered(ORDERS.calling_off(request, OPENED), NOTHING, Canceled())
    sale = charged(Captured(TEN), takes=True, then=(*refunds, called_off))
    assert [Standing.UNDONE, Standing.OPEN] == [each.standing for each in refunds]
    assert (NOTHING, THREE) == bounds(sale)["given_back"]


def test_a_refund_whose_calling_off_is_not_answered_may_still_come() -> None:
    request = ORDERS.refund(OPENED, THREE)
    refund = answered(request, THREE, Pending())
    called_off = answered(ORDERS.calling_off(request, OPENED), NOTHING, Unknown())
    charged(Captured(TEN), takes=True, then=(refund, called_off))
    assert Standing.OPEN is refund.standing


def test_what_may_still_come_can_be_called_off_by_its_ids() -> None:
    made = References.of(refund="re_1")
    coming = answered(ORDERS.refund(OPENED, THREE), THREE, Pending(references=made))
    refused = answered(ORDERS.refund(OPENED, THREE), THREE, Declined(FAILURE))
    sale = charged(Captured(TEN), takes=True, then=(capture(Unknown()), refused, coming))
    assert [(coming.request, made)] == sale.refunds


def test_what_was_never_answered_has_no_ids() -> None:
    assert References() == capture().references


def test_a_session_is_one_as_soon_as_the_provider_has_named_it() -> None:
    named, nameless = _in_session(), Sale(TEN, False, [answered(ORDERS.creation(TEN), TEN)])
    assert OPENED == named.references
    assert named.dealings[0].request is named.session
    assert [None, None] == [nameless.session, charged(Authorized(TEN)).session]
