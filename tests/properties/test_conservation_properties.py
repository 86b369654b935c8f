"""Money is conserved at every prefix of every history, whatever the provider and the process do."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

sys.path.append(str(Path(__file__).parents[1] / "simulation"))

from books import all_of, check_kept, check_same_as_provider, require
from shop import CARD, Crash, Do, Point, Process, Shop, decide, recover
from telling import CLOSE, COMPLETE, CREATE, MOVE, UPDATE, source, usd

from paysession import CapturePolicy, Money, Payable, Payment, PaymentSession, StoredSource
from paysession.errors import NotAllowed
from paysession.gateways.bogus import BogusEffectKind
from paysession.outcomes import Pending

ORDER = Payable("or_1", total=usd("20.00"))
ANSWERS = {
    "create": CREATE,
    "update": UPDATE,
    "complete": COMPLETE,
    "close": CLOSE,
    "capture": MOVE,
    "void": MOVE,
    "refund": MOVE,
}

scripts = st.fixed_dictionaries(
    {}, optional={verb: st.sampled_from(answers) for verb, answers in ANSWERS.items()}
)
amounts = st.integers(1, 2100).map(lambda minor: Money.from_minor(minor, "USD"))
some_amount = st.none() | amounts
crashes = st.none() | st.builds(Point, st.integers(1, 40), after=st.booleans())
sources = st.none() | scripts.map(source)


class Histories(RuleBasedStateMachine):
    """A backend, its customers and its provider do as they like."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop()

    def give(self, crash: Point | None, command: str, *args: object, **kwargs: Any) -> None:
        """Give a command to a process that may crash; what is refused changes nothing."""
        before = self.shop.books.entities()
        was_settled = not self.shop.unresolved
        process = Process(self.shop, until=crash)
        try:
            answer = process.act(Do(command, args, kwargs))
        except Crash:
            return
        if was_settled and isinstance(answer, NotAllowed):
            require("what is refused changes nothing", before == self.shop.books.entities(), answer)

    def session(self, data: st.DataObject) -> PaymentSession:
        return data.draw(st.sampled_from(self.shop.sessions), "session")

    def payment(self, data: st.DataObject) -> Payment:
        return data.draw(st.sampled_from(all_of(self.shop, Payment)), "payment")

    @initialize(paying=scripts, policy=st.sampled_from(CapturePolicy))
    def begin(self, paying: dict[str, str], policy: CapturePolicy) -> None:
        self.create(paying, policy, None, None, None)
        for session in self.shop.sessions:
            self.give(None, "complete_session", session.id)

    @rule(
        script=scripts,
        policy=st.sampled_from(CapturePolicy),
        amount=some_amount,
        minutes=st.none() | st.integers(1, 3000),
        crash=crashes,
    )
    def create(
        self,
        script: dict[str, str],
        policy: CapturePolicy,
        amount: Money | None,
        minutes: int | None,
        crash: Point | None,
    ) -> None:
        expires_at = None if minutes is None else self.shop.now + timedelta(minutes=minutes)
        self.give(
            crash,
            "create_session",
            ORDER,
            method=CARD,
            source=source(script),
            amount=amount,
            capture=policy,
            expires_at=expires_at,
        )

    @precondition(lambda self: bool(self.shop.sessions))
    @rule(data=st.data(), amount=some_amount, crash=crashes)
    def update(self, data: st.DataObject, amount: Money | None, crash: Point | None) -> None:
        self.give(crash, "update_session", self.session(data).id, amount=amount)

    @precondition(lambda self: bool(self.shop.sessions))
    @rule(data=st.data(), source=sources, crash=crashes)
    def complete(
        self, data: st.DataObject, source: StoredSource | None, crash: Point | None
    ) -> None:
        self.give(crash, "complete_session", self.session(data).id, source=source)

    @precondition(lambda self: bool(self.shop.sessions))
    @rule(data=st.data(), crash=crashes)
    def cancel(self, data: st.DataObject, crash: Point | None) -> None:
        self.give(crash, "cancel_session", self.session(data).id)

    @rule(crash=crashes)
    def expire(self, crash: Point | None) -> None:
        self.give(crash, "expire_sessions")

    @precondition(lambda self: bool(all_of(self.shop, Payment)))
    @rule(data=st.data(), amount=some_amount, is_final=st.booleans(), crash=crashes)
    def capture(
        self, data: st.DataObject, amount: Money | None, is_final: bool, crash: Point | None
    ) -> None:
        self.give(crash, "capture", self.payment(data).id, amount=amount, is_final=is_final)

    @precondition(lambda self: bool(all_of(self.shop, Payment)))
    @rule(data=st.data(), amount=some_amount, crash=crashes)
    def void(self, data: st.DataObject, amount: Money | None, crash: Point | None) -> None:
        self.give(crash, "void", self.payment(data).id, amount=amount)

    @precondition(lambda self: bool(all_of(self.shop, Payment)))
    @rule(data=st.data(), amount=some_amount, crash=crashes)
    def refund(self, data: st.DataObject, amount: Money | None, crash: Point | None) -> None:
        self.give(crash, "refund", self.payment(data).id, amount=amount)

    @rule(crash=crashes)
    def recover(self, crash: Point | None) -> None:
        self.give(crash, "recover")

    @rule(minutes=st.sampled_from((1, 5, 60, 600, 3000)))
    def pass_time(self, minutes: int) -> None:
        self.shop.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.nobody_waits_for_a_customer)
    @rule(succeed=st.booleans())
    def let_the_provider_decide(self, succeed: bool) -> None:
        decide(self.shop.bogus, succeed=succeed)

    @property
    def nobody_waits_for_a_customer(self) -> bool:
        """A customer who pays at the provider is told of by a notification, or when coming back."""
        waiting = self.shop.bogus.provider._books.waiting
        return all(isinstance(entry.answer, Pending) for entry in waiting)

    @invariant()
    def the_books_are_in_order(self) -> None:
        check_kept(self.shop)
        if not self.shop.unresolved:
            check_same_as_provider(self.shop)

    @invariant()
    def no_more_moves_than_was_asked(self) -> None:
        asked = {each.id: getattr(each, "amount", usd("0")) for each in self.shop.operations}
        for effect in self.shop.bogus.effects:
            if effect.kind is not BogusEffectKind.RELEASED:
                most = asked[effect.operation_id] + usd("0.01")
                require("no more moves than was asked", effect.amount <= most, effect, most)

    def teardown(self) -> None:
        recover(self.shop, rounds=40)
        check_kept(self.shop)
        require("nothing is left to do", not self.shop.unresolved, *self.shop.unresolved)
        check_same_as_provider(self.shop)


TestConservation = Histories.TestCase
TestConservation.settings = settings(max_examples=4 * settings().max_examples)
