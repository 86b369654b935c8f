"""How stories look in a terminal; elsewhere the same, plain and a hundred columns wide."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from textwrap import wrap
from typing import Final

import attrs
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from paysession._cli.demo import Told
from paysession._cli.stage import Books
from paysession._cli.stories import Record, Story
from paysession._domain.balances import Balances
from paysession._domain.disputes import Dispute
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.operations import Operation
from paysession._domain.owners import Owner
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.statement import Statement
from paysession._money import Money
from paysession.events import PayableChanged
from paysession.stores import KINDS, RecordedEvent

_COLUMNS: Final = 100
_INDENT: Final = 12
_BALANCES: Final = (
    "requested",
    "authorized",
    "captured",
    "over",
    "capture_in_flight",
    "voided",
    "void_in_flight",
    "lapsed",
    "refunded",
    "refund_in_flight",
    "withheld",
    "lost",
    "uncounted",
)
_SAID_ELSEWHERE: Final = frozenset({"requested", "net"})


def one_line(text: str) -> str:
    """Return text of anybody's without line breaks and escape codes."""
    return " ".join(text.split()).encode("unicode_escape").decode("ascii")


@attrs.frozen
class Printer:
    """Prints what is told, step by step."""

    console: Console

    @classmethod
    def to_stdout(cls) -> Printer:
        """Return one that colours a terminal, and writes plain text to anything else."""
        if sys.stdout.isatty():
            return cls(Console(file=sys.stdout, highlight=False))
        return cls(
            Console(
                file=sys.stdout,
                width=_COLUMNS,
                force_terminal=False,
                color_system=None,
                highlight=False,
                legacy_windows=False,
            )
        )

    def title(self, story: Story) -> None:
        """Begin a story."""
        self._line(story.title, style="bold underline")
        self._line(f"An order of {story.total}, paid by card.")

    def step(self, number: int, told: Told) -> None:
        """Tell one step: its events, what it returned, and how everything stands."""
        self._line()
        self._line(f"{number}. {told.title}", style="bold")
        for event in told.events:
            self._row("event", _event(event), style="dim")
        if told.refusal is not None:
            self._row("note", one_line(told.refusal), style="yellow")
        elif not told.records:
            self._row("note", "there was nothing to do")
        for record in told.records:
            if not isinstance(record, PaymentSession):
                self._row(KINDS[type(record)], _described(record))
        if told.statement is not None:
            for label, text in _standing(told.statement):
                self._row(label, text)

    def statement(self, statement: Statement | None) -> None:
        """End with everything there is to tell."""
        self._line()
        if statement is None:
            self._line("No session came of it, so there is no statement.", style="bold")
            return
        self._line("Statement", style="bold underline")
        for label, text in _heading(statement):
            self._row(label, text)
        if statement.payment is None:
            self._line("No money has moved.")
            return
        for table in (_balances(statement.payment), _movements(statement)):
            self._line()
            self.console.print(table)
        self._line()

    def books(self, books: Books | None) -> None:
        """Tell what the provider says of the money, where it lets us look."""
        if books is not None:
            self._line(
                f"The provider's own books: held {books.held}, taken {books.taken}, "
                f"released {books.released}, given back {books.given_back}."
            )

    def _row(self, label: str, text: str, *, style: str = "") -> None:
        lines = wrap(text, width=max(self.console.width - _INDENT, _INDENT))
        rest = [" " * _INDENT + line for line in lines[1:]]
        self._line("\n".join([f"   {label:<9}{lines[0]}", *rest]), style=style)

    def _line(self, text: str = "", *, style: str = "") -> None:
        self.console.print(Text(text, style=style))


def _event(recorded: RecordedEvent) -> str:
    event = recorded.event
    amount = (
        f"due {event.due}" if isinstance(event, PayableChanged) else getattr(event, "amount", "")
    )
    status = getattr(event, "status", "")
    return f"{type(event).__name__:<22}{amount!s:>14}  {status}".rstrip()


def _described(record: Record) -> str:
    """What a command returned: which record, how it stands, and why."""
    parts = [f"{record.id} {record.status}"]
    match record:
        case PaymentSession(next_action=action) if action is not None:
            parts.append(f"the customer's next step: {type(action).__name__}")
        case Capture() | Void() | Refund():
            parts.append(str(record.amount))
        case _:
            pass
    if record.failure is not None:
        parts.append(f"refused: {record.failure.code} ({record.failure.shown_to_customer})")
    if isinstance(record, Operation) and record.is_open and record.doubt:
        parts.append(f"nobody knows yet: {one_line(record.doubt)}")
    return ", ".join(parts)


def _standing(statement: Statement) -> Iterator[tuple[str, str]]:
    for owner in (statement.session, statement.payment):
        match owner:
            case None:
                continue
            case PaymentSession():
                yield "session", _described(owner)
            case _:
                yield "payment", f"{owner.id} {owner.status}: {_moved_so_far(owner)}"
        yield from _discrepancies(owner)
    account = statement.account
    yield "order", f"{account.status}: paid {account.paid}, due {account.due}"


def _moved_so_far(payment: Payment) -> str:
    """The balances that are not zero, but for what the statement says in the end."""
    amounts = [
        f"{name} {amount.amount}"
        for name, amount in _amounts(payment.balances)
        if amount and name not in _SAID_ELSEWHERE
    ]
    return f"{', '.join(amounts)} {payment.amount.currency.code}"


def _discrepancies(owner: Owner) -> Iterator[tuple[str, str]]:
    for each in owner.discrepancies:
        if each.is_open:
            yield "differs", one_line(f"{each.kind}: {each.expected} expected, {each.actual} told")


def _heading(statement: Statement) -> Iterator[tuple[str, str]]:
    account = statement.account
    yield "order", f"{account.id} {account.status}: paid {account.paid}, due {account.due}"
    for owner in (statement.session, statement.payment):
        match owner:
            case None:
                continue
            case PaymentSession():
                yield "session", f"{owner.id} {owner.status}: {owner.amount}"
            case _:
                yield "payment", f"{owner.id} {owner.status}: {owner.number}"


def _amounts(balances: Balances) -> Iterator[tuple[str, Money]]:
    for name in _BALANCES:
        yield name.replace("_", " "), getattr(balances, name)
    yield "capturable", balances.capturable
    yield "refundable", balances.refundable
    yield "net", balances.net


def _balances(payment: Payment) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("balance")
    table.add_column("amount", justify="right")
    for name, amount in _amounts(payment.balances):
        table.add_row(name, str(amount))
    return table


def _movements(statement: Statement) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("when", "movement", "id", "status"):
        table.add_column(name, no_wrap=True)
    table.add_column("amount", justify="right", no_wrap=True)
    for movement in sorted(_moved(statement), key=lambda each: each.created_at):
        table.add_row(
            f"{movement.created_at:%Y-%m-%d %H:%M:%S}",
            KINDS[type(movement)],
            movement.id,
            "succeeded" if isinstance(movement, Authorization) else movement.status,
            str(movement.moved_amount),
        )
    return table


def _moved(statement: Statement) -> Iterator[Authorization | Capture | Void | Refund | Dispute]:
    yield from statement.authorizations
    yield from statement.captures
    yield from statement.voids
    yield from statement.refunds
    yield from statement.disputes
