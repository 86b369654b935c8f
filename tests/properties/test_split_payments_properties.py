"""Sessions, charges, credit and checks for one payable: nothing is counted twice, or lost."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

sys.path.append(str(Path(__file__).parents[1] / "unit" / "flows"))

from flow_builders import CARD, HELD_CARD, PATIENT_CARD, Shop, bogus_shop, card, eur, order
from payment_builders import CHECK, CREDIT, CheckGateway

from paysession import CapturePolicy, Money, Payment, PaymentSession, StoreCredit
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.payable import PayableAccount, Share
from paysession.errors import GatewayUnreachable, NotAllowed
from paysession.events import PayablePaid
from paysession.gateways import BogusGateway
from paysession.lifecycles import PaymentStatus

BRINGING = ("approve", "decline:do_not_honor", "timeout_before", "timeout_after", "unreachable")
ASKING = (*BRINGING, "require_action", "pending", "partial", "more")
MOVING = ("approve", "timeout_after", "timeout_before", "pending")

amounts = st.none() | st.integers(1, 120).map(eur)
asking = st.sampled_from(ASKING)
moving = st.sampled_from(MOVING)


class Splits(RuleBasedStateMachine):
    """One payable of a hundred euros, and everybody who pays for it."""

    def __init__(self) -> None:
        super().__init__()
        self.shop: Shop[BogusGateway] = bogus_shop()
        self.credit = BogusGateway(clock=self.shop.clock)
        self.shop.gateways |= {"credit": self.credit, "check": CheckGateway()}

    def give(self, command: str, *args: object, **kwargs: object) -> None:
        """Give a command; what is refused changes nothing."""
        before, was_settled = self.shop.store.entities(), not self.is_open
        try:
            getattr(self.shop.payments, command)(*args, **kwargs)
        except NotAllowed:
            if was_settled:
                assert before == self.shop.store.entities()
        except GatewayUnreachable:
            pass

    @property
    def payments(self) -> list[Payment]:
        return [each for each in self.shop.store.entities() if isinstance(each, Payment)]

    @property
    def sessions(self) -> list[PaymentSession]:
        return [each for each in self.shop.store.entities() if isinstance(each, PaymentSession)]

    @property
    def is_open(self) -> bool:
        """Whether a look-up may tell something new before a command is refused."""
        records: list[Payment | PaymentSession] = [*self.payments, *self.sessions]
        return any(each.is_open for each in records)

    @property
    def account(self) -> PayableAccount | None:
        return self.shop.store.get(PayableAccount, "or_1", tenant="")

    def payment(self, data: st.DataObject) -> Payment:
        return data.draw(st.sampled_from(self.payments), "payment")

    @rule(
        amount=amounts,
        method=st.sampled_from((CARD, HELD_CARD, PATIENT_CARD)),
        first=asking,
        then=moving,
    )
    def charge(self, amount: Money | None, method: object, first: str, then: str) -> None:
        source = card(charge=first, capture=then, void=then, refund=then)
        self.give("charge", order(), method=method, source=source, amount=amount)

    @rule(amount=amounts, first=st.sampled_from(BRINGING), then=moving)
    def hold_credit(self, amount: Money | None, first: str, then: str) -> None:
        token = BogusGateway.token(charge=first, capture=then, void=then, refund=then)
        self.give("charge", order(), method=CREDIT, source=StoreCredit(id=token), amount=amount)

    @rule(amount=amounts)
    def wait_for_a_check(self, amount: Money | None) -> None:
        self.give("create_payment", order(), method=CHECK, amount=amount)

    @precondition(lambda self: bool(self.payments))
    @rule(data=st.data(), amount=amounts)
    def mark_paid(self, data: st.DataObject, amount: Money | None) -> None:
        self.give("mark_paid", self.payment(data).id, amount=amount)

    @precondition(lambda self: bool(self.payments))
    @rule(data=st.data(), amount=amounts)
    def mark_refunded(self, data: st.DataObject, amount: Money | None) -> None:
        self.give("mark_refunded", self.payment(data).id, amount=amount)

    @rule(
        amount=amounts,
        policy=st.sampled_from(CapturePolicy),
        first=st.sampled_from(BRINGING),
        then=moving,
    )
    def pay_in_a_session(
        self, amount: Money | None, policy: CapturePolicy, first: str, then: str
    ) -> None:
        source = card(complete=first, capture=then, void=then, refund=then)
        self.give(
            "create_session", order(), method=CARD, source=source, amount=amount, capture=policy
        )
        for session in self.sessions:
            if session.is_open:
                self.give("complete_session", session.id)

    @rule(amount=amounts)
    def open_a_session(self, amount: Money | None) -> None:
        self.give("create_session", order(), method=CARD, amount=amount)

    @precondition(lambda self: bool(self.sessions))
    @rule(data=st.data())
    def cancel_a_session(self, data: st.DataObject) -> None:
        self.give("cancel_session", data.draw(st.sampled_from(self.sessions)).id)

    @precondition(lambda self: bool(self.payments))
    @rule(data=st.data(), command=st.sampled_from(("capture", "void", "refund")), amount=amounts)
    def move(self, data: st.DataObject, command: str, amount: Money | None) -> None:
        self.give(command, self.payment(data).id, amount=amount)

    @rule(succeed=st.booleans())
    def let_providers_decide(self, succeed: bool) -> None:
        for gateway in (self.shop.gateway, self.credit):
            if succeed:
                gateway.let_pending_succeed()
            else:
                gateway.let_pending_fail()

    @rule()
    def recover(self) -> None:
        self.shop.clock.forward(minutes=10)
        self.shop.payments.recover()

    @invariant()
    def the_totals_are_the_sums(self) -> None:
        if self.account is None:
            return
        records: list[Payment | PaymentSession] = [*self.payments, *self.sessions]
        shares = (each.share for each in records)
        total = attrs.asdict(sum(shares, start=Share.of_nothing(eur(0))), recurse=False)
        assert {name: getattr(self.account, name) for name in total} == total

    @invariant()
    def one_payment_waits_in_the_checkout(self) -> None:
        waiting = [each for each in self.payments if each.status is PaymentStatus.CHECKOUT]
        assert len(waiting) <= 1

    @invariant()
    def it_is_told_once_that_the_payable_is_paid(self) -> None:
        outbox = self.shop.store.unpublished(limit=100_000, tenant="")
        told = [each.event for each in outbox if isinstance(each.event, PayablePaid)]
        assert len(told) <= 1
        if self.account is not None:
            assert bool(told) is (self.account.paid_at is not None)
            assert told or self.account.paid < self.account.owed

    @invariant()
    def too_much_is_never_missed(self) -> None:
        if self.account is not None and self.account.is_overpaid:
            kinds = [one.kind for each in self.payments for one in each.discrepancies]
            assert "overpaid" in kinds

    def teardown(self) -> None:
        for gateway in (self.shop.gateway, self.credit):
            gateway.let_pending_succeed()
        for _ in range(30):
            self.shop.clock.forward(hours=1)
            self.shop.payments.recover()
            for gateway in (self.shop.gateway, self.credit):
                gateway.let_pending_succeed()
        self.the_totals_are_the_sums()
        self.too_much_is_never_missed()
        self.nothing_is_open()
        self.providers_say_the_same()

    def nothing_is_open(self) -> None:
        for each in self.shop.store.entities():
            if isinstance(each, Capture | Void | Refund):
                assert not each.is_open, each
        for payment in self.payments:
            assert not payment.asking, payment

    def providers_say_the_same(self) -> None:
        for name, gateway in (("bogus", self.shop.gateway), ("credit", self.credit)):
            balances = [each.balances for each in self.payments if each.gateway == name]
            for column, said in (
                ("captured", gateway.taken("EUR")),
                ("refunded", gateway.given_back("EUR")),
                ("held", gateway.held("EUR")),
            ):
                known = Money.sum((getattr(each, column) for each in balances), currency="EUR")
                assert said == known, (name, column)


TestSplits = Splits.TestCase
TestSplits.settings = settings(max_examples=settings().max_examples)
