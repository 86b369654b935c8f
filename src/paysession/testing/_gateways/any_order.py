"""
Laws of everything together: whatever is asked, in whatever order, all that is told agrees.

Each other law looks at one thing. Here sales are opened, completed, captured, voided, refunded
and closed, asked for again, looked up and told of, in any order that can be drawn, while the
provider loses answers, refuses and takes its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from itertools import product
from typing import Any, Final, TypeAlias, cast

from paysession._domain.methods import CapturePolicy
from paysession._money import Money
from paysession.gateways import CreateSessionRequest, RefundRequest, Request
from paysession.gateways.requests import Method
from paysession.outcomes import ActionRequired, Authorized, Captured, Pending, References, Report
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.controls import PARTS, ProviderBooks
from paysession.testing._gateways.dealings import Dealing, Range, Sale
from paysession.testing._gateways.law import MOVEMENTS, SESSIONS, law
from paysession.testing._gateways.occasions import DONE, MOVES, callable_here, effect_of
from paysession.testing._gateways.orders import AUTOMATIC
from paysession.testing._laws.law import CannotBeTried

Step: TypeAlias = Callable[[], None]
Steps: TypeAlias = Mapping[str, list[Step]]
"""What can be done now, by kinds."""

Way: TypeAlias = Callable[[Money, CapturePolicy], Request[Any]]
"""How a sale begins."""

Trouble: TypeAlias = tuple[str, tuple[str, ...], dict[str, bool]]
"""What the provider is told to do with a call: a control, and what is passed to it."""

_STEPS: Final = 20
_MOST_SALES: Final = 2
_TROUBLED: Final[tuple[Method, ...]] = (*MOVES, "cancel_refund", "close_session")


@law(
    "ANY-1",
    "whatever is asked, in whatever order, the provider's books agree with what was answered",
    reason="a shop believes what it was answered, and a bank what was booked",
    source="I5, I32, F42; woocommerce-gateway-stripe #890",
    about="capture",
    needs=("sale",),
    controls=("books",),
)
def the_books_agree_with_the_answers(bench: Bench) -> None:
    walk = Walk(bench)
    walk.begins()
    for _ in range(_STEPS):
        walk.go(walk.asking())
        walk.balances()


@law(
    "ANY-2",
    "whatever is asked, in whatever order, nothing that is told later contradicts an answer",
    reason="a shop that is told two things acts on the wrong one",
    source="I31, I45, F20, F46; medusa #13301",
    about="look_up",
    needs=("sale", "word"),
)
def what_is_told_agrees_with_the_answers(bench: Bench) -> None:
    walk = Walk(bench)
    walk.begins()
    for _ in range(_STEPS):
        walk.go({**walk.asking(), **walk.listening()})
    walk.ends()


@law(
    "ANY-3",
    "of two payments, what is asked of one moves the money of that one",
    reason="the goods of one order are given back, and the customer gets the price of another",
    source="I46, F25; WooPayments #6487, one intent for two orders",
    about="refund",
    needs=("sale", "movement"),
)
def the_payment_that_is_named_is_moved(bench: Bench) -> None:
    for method, newest_first in product(callable_here(bench, MOVEMENTS), (False, True)):
        bench.anew()
        amount = bench.drawn.amount()
        policy = AUTOMATIC if method == "refund" else bench.policies[0]
        paid = [(bench.paid(each, policy=policy), each) for each in (amount, amount * 2)]
        for ids, each in reversed(paid) if newest_first else paid:
            request = getattr(bench.orders, method)(ids, each)
            with bench.moving(f"after a {method} of one of two payments") as moves:
                end = bench.end_of(request)
                bench.one_of(end, *DONE[method], what=f"a {method} of all of one of two payments")
                moves.update(effect_of(request, end))


class Walk:
    """A way through all that can be asked of a gateway, and what is known on it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._sales: list[Sale] = []
        self._opening: dict[str, ProviderBooks] = {}
        self._has_source = not bench.offers(*SESSIONS) or bench.source() is not None

    def begins(self) -> None:
        """Let a first customer pay undisturbed: who never does anything contradicts nothing."""
        drawn, author = self._bench.drawn, self._bench.author
        kept = author.currencies if self._bench.knows("books") else ()
        self._opening = {code: self._bench.books(code) for code in kept}
        self._open(drawn.one_of(self._ways()), drawn.one_of(self._bench.policies))
        sale = self._sales[0]
        if sale.session is not None:
            self._complete(sale, sale.session)
        paid = (Authorized, Captured, Pending, ActionRequired)
        self._bench.one_of(sale.dealings[-1].fact, *paid, what="a first sale")

    def go(self, steps: Steps) -> None:
        """Take one of the steps that can be taken now, or none."""
        kind = self._bench.drawn.one_of(["rest", *(each for each in steps if steps[each])])
        if kind != "rest":
            self._bench.drawn.one_of(steps[kind])()

    def asking(self) -> Steps:
        """Return what can be asked now, and what the provider can decide."""
        bench, named = self._bench, [each for each in self._sales if each.references.entries]
        sessions = [(sale, sale.session) for sale in named if sale.session is not None]
        again = bench.gateway.capabilities.honours_keys
        return {
            "open": self._openings() if len(self._sales) < _MOST_SALES else [],
            "complete": [partial(self._complete, *each) for each in sessions],
            "close": [
                partial(self._close, *each)
                for each in sessions
                if bench.offers("close_session") and each[0].of("complete_session")
            ],
            "capture": [partial(self._capture, each) for each in named if bench.offers("capture")],
            "void": [partial(self._void, each) for each in named if bench.offers("void")],
            "refund": [partial(self._refund, each) for each in named if bench.offers("refund")],
            "call off": [
                partial(self._call_off, sale, *each)
                for sale in named
                for each in sale.refunds
                if bench.offers("cancel_refund")
            ],
            "ask again": [partial(self._ask, *each) for each in self._dealings() if again],
            "decide": [
                partial(self._decide, succeed=succeed)
                for succeed in (True, False)
                if bench.knows("settle") and self._sales
            ],
        }

    def listening(self) -> Steps:
        """Return what can be heard now."""
        can_look = self._bench.offers("look_up")
        return {
            "look up": [
                partial(self._look_up, *each)
                for each in self._dealings()
                if can_look and each[1].request.method in MOVES
            ],
            "read": [self._read] if self._can_read and self._sales else [],
        }

    def ends(self) -> None:
        """Hear all that can be heard."""
        for hear in [each for kind in self.listening().values() for each in kind]:
            hear()

    def balances(self) -> None:
        """Do nothing if the books say no less than they must, and no more than they may."""
        closes = self._bench.gateway.capabilities.first_capture_closes
        for code in dict.fromkeys(sale.amount.currency.code for sale in self._sales):
            booked = self._bench.books(code)
            ours = [each for each in self._sales if each.amount.currency.code == code]
            bounds = [each.bounds(first_capture_closes=closes) for each in ours]
            for part in PARTS:
                least, most = _together([each[part] for each in bounds])
                amount: Money = getattr(booked, part) - getattr(self._opening[code], part)
                expected = least if least == most else (least, most)
                what = f"{part} since the beginning, by the provider's books"
                self._bench.must(least <= amount <= most, what, expected, amount)

    # -- What can be asked

    def _openings(self) -> list[Step]:
        ways = [(way, policy) for way in self._ways() for policy in self._bench.policies]
        troubles = [None, *_troubles(self._bench)]
        return [partial(self._open, *way, trouble) for way in ways for trouble in troubles]

    def _ways(self) -> list[Way]:
        """Return in which ways a sale can begin."""
        sessions, charges = self._bench.offers(*SESSIONS), self._bench.offers("charge")
        ways = {self._session: sessions, self._charge: charges and self._has_source}
        return [way for way, is_there in ways.items() if is_there]

    def _session(self, amount: Money, policy: CapturePolicy) -> Request[Any]:
        source = self._bench.source()
        return self._bench.orders.creation(amount, policy=policy, source=source)

    def _charge(self, amount: Money, policy: CapturePolicy) -> Request[Any]:
        return self._bench.charge(amount, policy=policy)

    def _open(self, way: Way, policy: CapturePolicy, trouble: Trouble | None = None) -> None:
        bench = self._bench
        if trouble is not None:
            control, arguments, named = trouble
            methods: list[Method] = [each for each in _TROUBLED if bench.offers(each)]
            with suppress(CannotBeTried):
                bench.arm(control, bench.drawn.one_of(methods), *arguments, **named)
        amount = bench.drawn.amount()
        itself = bench.author.customer_pays and way == self._session
        self._sales.append(Sale(amount, policy is AUTOMATIC, customer_pays=itself))
        self._new(self._sales[-1], way(amount, policy))

    def _decide(self, *, succeed: bool) -> None:
        with suppress(CannotBeTried):
            self._bench.settle(succeed=succeed)

    def _complete(self, sale: Sale, session: CreateSessionRequest) -> None:
        self._new(sale, self._bench.orders.completion(session, sale.references))

    def _close(self, sale: Sale, session: CreateSessionRequest) -> None:
        self._new(sale, self._bench.orders.closing(session, sale.references))

    def _capture(self, sale: Sale) -> None:
        self._new(sale, self._bench.orders.capture(sale.references, self._some_of(sale)))

    def _void(self, sale: Sale) -> None:
        self._new(sale, self._bench.orders.void(sale.references, self._some_of(sale)))

    def _refund(self, sale: Sale) -> None:
        self._new(sale, self._bench.orders.refund(sale.references, self._some_of(sale)))

    def _call_off(self, sale: Sale, refund: RefundRequest, made: References) -> None:
        self._new(sale, self._bench.orders.calling_off(refund, made))

    def _some_of(self, sale: Sale) -> Money:
        return self._bench.drawn.one_of([sale.amount, self._bench.drawn.part_of(sale.amount)])

    def _new(self, sale: Sale, request: Request[Any]) -> None:
        asked: Money = getattr(request, "amount", sale.amount * 0)
        sale.dealings.append(Dealing(request, asked))
        self._ask(sale, sale.dealings[-1])

    def _ask(self, sale: Sale, dealing: Dealing) -> None:
        bench, request = self._bench, dealing.request
        answer = bench.ask(request)
        bench.one_of(answer, *request.answers, what=f"what {request.method} answers")
        dealing.is_answered(answer, bench)
        sale.learn(bench)
        if request.method == "create_session" or isinstance(answer, ActionRequired):
            bench.customer_acts(sale.references)

    # -- What can be heard

    def _look_up(self, sale: Sale, dealing: Dealing) -> None:
        bench = self._bench
        if bench.gateway.capabilities.look_up_grace:
            for read in self.listening()["read"]:
                read()  # before it is too old to be believed
        facts = bench.known_of(dealing.request)
        for fact in facts:
            dealing.is_told(fact, bench)
        if not facts and bench.gateway.capabilities.look_up_is_authoritative:
            dealing.is_not_found(bench)
        sale.learn(bench)

    @property
    def _can_read(self) -> bool:
        return self._bench.offers("read_notification") and self._bench.knows("notifications")

    def _read(self) -> None:
        bench = self._bench
        ours: Mapping[str | None, tuple[Sale, Dealing]] = {
            dealing.request.operation_id: (sale, dealing) for sale, dealing in self._dealings()
        }
        for notification in bench.sent():
            told = bench.raised_by(partial(bench.read, notification))
            bench.must(isinstance(told, tuple), "what a notification tells", "reports", told)
            reports = cast("tuple[Report, ...]", told)
            for report in [each for each in reports if each.our_reference in ours]:
                sale, dealing = ours[report.our_reference]
                dealing.is_told(report.fact, bench)
                sale.learn(bench)

    def _dealings(self) -> list[tuple[Sale, Dealing]]:
        return [(sale, each) for sale in self._sales for each in sale.dealings]


def _troubles(bench: Bench) -> list[Trouble]:
    """Return what the provider can be told to do with a call, and how."""
    plain = ("keep_pending", "refuse_connection", "answer_nonsense", "reject")
    either_way = (True, False)
    troubles: list[Trouble] = [
        *((each, (), {}) for each in plain),
        *(("lose_answer", (), {"happened": happened}) for happened in either_way),
        *(("decline", (code,), {}) for code in sorted(bench.author.declines)[:1]),
    ]
    return [each for each in troubles if bench.knows(each[0])]


def _together(ranges: Iterable[Range]) -> Range:
    """Return the least of all, and the most of all."""
    (least, most), *others = ranges
    for each in others:
        least, most = least + each[0], most + each[1]
    return least, most
