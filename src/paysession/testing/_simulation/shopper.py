"""
The deeds of a run: what the shop, its customers, its provider and its people do.

Each deed is done with dice of its own, so that a deed which is left out changes no other. One
that finds nothing to be done to does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Any, Final, TypeVar

from paysession._domain.entities import Entity
from paysession._domain.methods import CapturePolicy, PaymentMethod, UnderpaidPolicy
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.payable import Payable
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._domain.sources import StoredSource
from paysession._money import Money
from paysession.errors import PaySessionError
from paysession.testing._simulation.driver import Driver
from paysession.testing._simulation.faults import COMMAND, Fault
from paysession.testing._simulation.happenings import (
    authorization_changes,
    capture_made_here,
    customer_acts,
    decides,
    dispute_goes_on,
    refund_made_here,
    renamed,
    sessions_run_out,
    void_made_here,
)
from paysession.testing._simulation.mail import Mail
from paysession.testing._simulation.people import People
from paysession.testing._simulation.processes import Process
from paysession.testing._simulation.provider import CALM, REFUSING, SLOW

E = TypeVar("E", bound=Entity)

_TOTALS: Final = (
    Money("110.00", "USD"),
    Money("0.05", "USD"),
    Money("40.00", "EUR"),
    Money("1200", "JPY"),
    Money("3.125", "KWD"),
)
METHODS: Final = tuple(
    PaymentMethod(
        id=f"pm_{capture}_{on_underpaid}",
        name="Card",
        gateway="sim",
        source_required=False,
        capture=capture,
        on_underpaid=on_underpaid,
    )
    for capture in CapturePolicy
    for on_underpaid in UnderpaidPolicy
)
_SOURCE: Final = StoredSource(id="src_1", profile_id="sim_source_1")
_MOST_ORDERS: Final = 3


class Shopper:
    """
    Whoever does deeds in a world.

    Attributes:
        driver: The world.
        mail: What brings the provider's notifications.
        people: Whoever decides what no machine can.
        dice: The dice of the deed that is being done.
        given: The commands that were given, with their arguments.
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.mail = Mail(driver)
        self.people = People(driver)
        self.dice = Random(0)  # noqa: S311 - it is to be replayed, not to hide anything
        self.given: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self._orders: list[Payable] = []
        driver.on_two_workers = self._also_given
        driver.on_all_at_once = self._all_at_once
        driver.on_told_early = self._told_early

    def do(self, deed: str, dice: int) -> None:
        """Do one deed, a little later than the one before."""
        self.dice = self.driver.provider.dice = Random(dice)  # noqa: S311 - to be replayed
        self.driver.wait(timedelta(seconds=self.dice.randint(1, 90)))
        sessions_run_out(self.driver.provider)
        DEEDS[deed](self)

    def _give(self, command: str, *args: Any, **kwargs: Any) -> Process:  # noqa: ANN401
        """Give a command, under a key as often as not, and see it through."""
        if self.dice.random() < 0.5:
            kwargs["idempotency_key"] = f"key-{len(self.given)}"
        self.given.append((command, args, kwargs))
        process = self.driver.begin("worker 1", command, *args, **kwargs)
        if self.dice.random() < 0.06:
            other = self.driver.begin("worker 2", command, *args, **kwargs)
            recovery = self.driver.begin("recovery", "recover", limit=100)
            self.driver.run_together((process, other, recovery), self.dice)
            return process
        return self.driver.run(process)

    def _one_of(self, kind: type[E], suits: Callable[[E], bool]) -> E | None:
        found = [each for each in self.driver.history.entities(kind) if suits(each)]
        return self.dice.choice(found) if found else None

    def _order(self) -> Payable:
        if len(self._orders) < _MOST_ORDERS and (not self._orders or self.dice.random() < 0.4):
            total = self.dice.choice(_TOTALS)
            self._orders.append(Payable(f"or_{len(self._orders) + 1}", total=total))
        return self.dice.choice(self._orders)

    def _part_of(self, most: Money) -> Money | None:
        """Return no amount, which means all, or a part; now and then too much."""
        luck = self.dice.random()
        if luck < 0.45 or most.minor <= 0:
            return None
        minor = most.minor + 1 if luck > 0.95 else self.dice.randint(1, most.minor)
        return Money.from_minor(minor, most.currency)

    def _end_of_session(self) -> datetime | None:
        """Return when a session's time is over, if it has an end."""
        if self.dice.random() < 0.5:
            return None
        return self.driver.now + timedelta(minutes=self.dice.randint(20, 3000))

    def opens_session(self) -> None:
        """A customer comes to the checkout."""
        order = self._order()
        self._give(
            "create_session",
            order,
            method=self.dice.choice(METHODS),
            amount=self._part_of(order.total) if self.dice.random() < 0.3 else None,
            source=_SOURCE if self.dice.random() < 0.3 else None,
            expires_at=self._end_of_session(),
        )

    def completes_session(self) -> None:
        """The customer has confirmed."""
        session = self._one_of(PaymentSession, lambda each: each.is_open) or self._one_of(
            PaymentSession, lambda _: True
        )
        if session is not None:
            hint = {"payload": "sim"} if self.dice.random() < 0.1 else None
            self._give("complete_session", session.id, external_data=hint)

    def is_declined(self) -> None:
        """A customer's source is refused."""
        with self._mood(REFUSING):
            self.completes_session()

    def updates_session(self) -> None:
        """The cart has changed."""
        session = self._one_of(PaymentSession, lambda each: each.is_open)
        if session is not None:
            minor = self.dice.randint(1, session.amount.minor)
            amount = Money.from_minor(minor, session.amount.currency)
            self._give("update_session", session.id, amount=amount)

    def cancels_session(self) -> None:
        """The customer goes back."""
        session = self._one_of(PaymentSession, lambda each: each.is_open)
        if session is not None:
            self._give("cancel_session", session.id)

    def charges(self) -> None:
        """A subscription is due."""
        method = self.dice.choice(METHODS)
        self._give("charge", self._order(), method=method, source=_SOURCE)

    def checks_out(self) -> None:
        """A session is opened, and nothing more, so that there is something to be changed."""
        if self._one_of(PaymentSession, lambda each: each.is_open) is None:
            number, total = len(self.given), self.dice.choice(_TOTALS)
            with self._mood(CALM):
                order = Payable(f"or_more_{number}", total=total)
                self._give("create_session", order, method=self.dice.choice(METHODS))

    def holds(self) -> None:
        """Money is held, so that there is something to be captured or voided."""
        if self._one_of(Payment, lambda each: bool(each.balances.capturable)) is None:
            self._charged_calmly(METHODS[2])

    def takes(self) -> None:
        """Money is taken, so that there is something to be given back."""
        if self._one_of(Payment, lambda each: bool(each.balances.refundable)) is None:
            self._charged_calmly(METHODS[0])

    def gives_back_slowly(self) -> None:
        """A refund is begun, and not finished, so that there is something to be called off."""
        with self._mood(SLOW):
            self.refunds()

    def gives_back_calmly(self) -> None:
        """A refund succeeds, so that there is something to bounce."""
        with self._mood(CALM):
            self.refunds()

    def _charged_calmly(self, method: PaymentMethod) -> None:
        number, total = len(self.given), self.dice.choice(_TOTALS)
        with self._mood(CALM):
            order = Payable(f"or_more_{number}", total=total)
            self._give("charge", order, method=method, source=_SOURCE)

    @contextmanager
    def _mood(self, mood: float) -> Generator[None]:
        """Let the provider be in a mood for a while."""
        self.driver.provider.mood = mood
        yield
        self.driver.provider.mood = None

    def captures(self) -> None:
        """Goods are sent."""
        payment = self._one_of(Payment, lambda each: bool(each.balances.capturable))
        if payment is not None:
            amount = self._part_of(payment.balances.capturable)
            is_final = self.dice.random() < 0.3
            self._give("capture", payment.id, amount=amount, is_final=is_final)

    def voids(self) -> None:
        """An order is called off before its goods are sent."""
        payment = self._one_of(Payment, lambda each: bool(each.balances.capturable))
        if payment is not None:
            self._give("void", payment.id, amount=self._part_of(payment.balances.capturable))

    def refunds(self) -> None:
        """Goods come back."""
        payment = self._one_of(Payment, lambda each: bool(each.balances.refundable))
        if payment is not None:
            self._give("refund", payment.id, amount=self._part_of(payment.balances.refundable))

    def moves_despite(self) -> None:
        """Somebody will not wait for a movement of which nobody knows."""
        kind, command = self.dice.choice(_MOVEMENTS)
        unknown = self._one_of(kind, lambda each: each.is_unresolved)
        if unknown is not None:
            amount = self._part_of(unknown.amount)
            self._give(command, unknown.payment_id, amount=amount, despite_unresolved=unknown.id)

    def cancels_refund(self) -> None:
        """Somebody wants the money back that was to be given back."""
        refund = self._one_of(Refund, lambda each: each.is_open)
        if refund is not None:
            self._give("cancel_refund", refund.id)

    def opens_setup_session(self) -> None:
        """A customer wants a source to be kept."""
        self._give("create_setup_session", METHODS[0], expires_at=self._end_of_session())

    def completes_setup_session(self) -> None:
        """The customer has confirmed that."""
        session = self._one_of(SetupSession, lambda each: each.is_open)
        if session is not None:
            self._give("complete_setup_session", session.id)

    def cancels_setup_session(self) -> None:
        """The customer would rather not."""
        session = self._one_of(SetupSession, lambda each: each.is_open)
        if session is not None:
            self._give("cancel_setup_session", session.id)

    def abandons_payment(self) -> None:
        """Nobody waits for a payment any more."""
        payment = self._one_of(Payment, lambda each: each.is_open)
        if payment is not None:
            self._give("abandon_payment", payment.id)

    def restates_payable(self) -> None:
        """An order costs something else now."""
        order = self._order()
        total = Money.from_minor(self.dice.randint(1, 2 * order.total.minor), order.total.currency)
        changed = Payable(order.id, total=total)
        self._orders[self._orders.index(order)] = changed
        self.driver.run(self.driver.begin("worker 1", "update_payable", changed))

    def repeats(self) -> None:
        """A caller gives a command again, or another one under the same key."""
        if not self.given:
            return
        command, args, kwargs = self.dice.choice(self.given)
        changed = dict(kwargs)
        if "amount" in kwargs and self.dice.random() < 0.2:
            changed["amount"] = Money("0.01", "USD")
        self.driver.run(self.driver.begin("worker 3", command, *args, **changed))

    def customer_acts(self) -> None:
        """A customer does something at the provider."""
        customer_acts(self.driver.provider)

    def provider_decides(self) -> None:
        """The provider makes up its mind."""
        decides(self.driver.provider)

    def provider_acts(self) -> None:
        """Somebody works at the provider's dashboard, or a bank does."""
        self.dice.choice(_AT_PROVIDER)(self.driver.provider)

    def letters_come(self) -> None:
        """Some notifications come."""
        self.mail.bring(self.dice, most=self.dice.randint(1, 4))

    def recovers(self) -> None:
        """The backend's cron job runs."""
        due = self.driver.store.due(self.driver.now, kinds=_RECOVERED, limit=100, tenant="")
        for command, kind in _CLOSED_BY.items():
            if any(isinstance(each, kind) for each in due):
                self.driver.run(self.driver.begin("recovery", command, limit=100))
        self.driver.run(self.driver.begin("recovery", "recover", limit=100))

    def waits(self) -> None:
        """Minutes, hours or days pass."""
        longest = self.dice.choice((5, 60, 600, 3000))
        self.driver.wait(timedelta(minutes=self.dice.randint(1, longest)))

    def leases_end(self) -> None:
        """Just so much time passes that nobody is at anything any more."""
        self.driver.wait(timedelta(minutes=4))

    def person_decides(self) -> None:
        """Somebody looks at what is left to people, sooner than need be."""
        self.people.decide()

    def publishes(self) -> None:
        """Events are handed out."""
        self.mail.publish()

    def passes_odd_amount(self) -> None:
        """A caller passes an amount that is none (F49)."""
        payment = self._one_of(Payment, lambda _: True)
        target = payment.id if payment else "py_none"
        self._give_odd(Fault.ODD_AMOUNT, "refund", target, amount=self.dice.choice(_ODD_AMOUNTS))

    def passes_odd_text(self) -> None:
        """A caller passes text that must not be stored (F50)."""
        odd = self.dice.choice(_ODD_TEXTS)
        target = self.dice.choice((odd, "py_none"))
        self._give_odd(Fault.ODD_TEXT, "refund", target, metadata={odd: odd})

    def passes_odd_json(self) -> None:
        """A caller passes on what a browser made up (F51)."""
        odd: dict[str, Any] = {}
        for _ in range(self.dice.choice((50, 5000))):
            odd = {"deep": odd}
        session = self._one_of(PaymentSession, lambda _: True)
        target = session.id if session else "ps_none"
        self._give_odd(Fault.ODD_JSON, "complete_session", target, external_data=odd)

    def _give_odd(self, fault: Fault, command: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Give a command that must be refused before anything is written."""
        driver = self.driver
        driver.faults[fault, COMMAND] += 1
        driver.refusals = (PaySessionError, TypeError)
        driver.run(driver.begin("worker 1", command, *args, **kwargs))
        driver.refusals = (PaySessionError,)

    def _also_given(self, process: Process) -> None:
        """Another worker gives the same command."""
        again = self.driver.begin("worker 2", process.command, *process.args, **process.kwargs)
        self.driver.run(again)

    def _all_at_once(self, process: Process) -> None:
        """Recovery works, and notifications come."""
        del process
        self.driver.run(self.driver.begin("recovery", "recover", limit=100))
        self.mail.bring(self.dice, most=2)

    def _told_early(self, process: Process) -> None:
        """The newest notification comes before anything else."""
        del process
        self.mail.bring_newest()


_MOVEMENTS: Final[tuple[tuple[type[Capture | Void | Refund], str], ...]] = (
    (Capture, "capture"),
    (Void, "void"),
    (Refund, "refund"),
)
_AT_PROVIDER: Final = (
    refund_made_here,
    capture_made_here,
    void_made_here,
    renamed,
    authorization_changes,
    dispute_goes_on,
)
_CLOSED_BY: Final[Mapping[str, type[Entity]]] = MappingProxyType(
    {"expire_sessions": PaymentSession, "expire_setup_sessions": SetupSession}
)
_RECOVERED: Final = tuple(_CLOSED_BY.values())
_ODD_AMOUNTS: Final = (
    *(0, -1, 2**63, "NaN", "sNaN", "-0", "1E+999999", "1_000", "\u0661\u0662", 0.1 + 0.2, True),
    *(Money("0", "USD"), Money("-1", "USD"), Money("1", "XAF")),
)
_ODD_TEXTS: Final = ("nul \x00", "lone \ud800", "turned \u202e", "e\u0301" * 300, "\U0001f4b3")
DEEDS: Final[Mapping[str, Callable[[Shopper], None]]] = MappingProxyType(
    {
        deed.__name__: deed
        for deed in (
            Shopper.opens_session,
            Shopper.completes_session,
            Shopper.is_declined,
            Shopper.updates_session,
            Shopper.cancels_session,
            Shopper.charges,
            Shopper.checks_out,
            Shopper.holds,
            Shopper.takes,
            Shopper.captures,
            Shopper.voids,
            Shopper.refunds,
            Shopper.moves_despite,
            Shopper.gives_back_slowly,
            Shopper.gives_back_calmly,
            Shopper.cancels_refund,
            Shopper.opens_setup_session,
            Shopper.completes_setup_session,
            Shopper.cancels_setup_session,
            Shopper.abandons_payment,
            Shopper.restates_payable,
            Shopper.repeats,
            Shopper.customer_acts,
            Shopper.provider_decides,
            Shopper.provider_acts,
            Shopper.letters_come,
            Shopper.recovers,
            Shopper.waits,
            Shopper.leases_end,
            Shopper.publishes,
            Shopper.person_decides,
            Shopper.passes_odd_amount,
            Shopper.passes_odd_text,
            Shopper.passes_odd_json,
        )
    }
)
"""All that can be done, by name."""
