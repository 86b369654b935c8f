"""What happens at the in-memory provider by itself, after its answers or without any."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Final

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._money import Money
from paysession.errors import UnsafeInput
from paysession.gateways._bogus_books import Books, Entry
from paysession.gateways._bogus_mail import is_told
from paysession.gateways._bogus_objects import BogusEffectKind, Sale, digest
from paysession.gateways.requests import CaptureRequest, RefundRequest, VoidRequest
from paysession.outcomes import (
    NO_REFERENCES,
    ActionRequired,
    Approved,
    AuthorizationChanged,
    AuthorizationLapsed,
    Bounced,
    Captured,
    DisputeChanged,
    Expired,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    Reference,
    ReferenceChanged,
    ReferenceRole,
    References,
    Refunded,
    Report,
    Retaken,
    Totals,
    Voided,
)

_HOLDS_FOR: Final = timedelta(days=7)


class BogusEvents:
    """
    What nobody of us asks for: banks, customers, and people at the provider's dashboard.

    Everything is told by notifications, with the provider's time and count, and by look-ups.
    `of` is any of the provider's ids of a session, charge or movement, or our id of the
    operation; where there is nothing of that id, it is `NotFound`. Amounts are not compared
    with anything: a provider may do what it should not.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._numbers = count(1)

    def approve(self, of: str) -> None:
        """The customer is done; our completing call is due."""
        with self._books.lock:
            entry = self._books.entry(of)
            if not isinstance(entry.answer, ActionRequired) or entry not in self._books.waiting:
                raise UnsafeInput("of", "no customer is waited for there")
            self._books.decide(entry, self._now(Approved(references=entry.answer.references)))

    def expire(self, of: str) -> None:
        """The provider closes a session by itself."""
        with self._books.lock:
            sale = self._books.sale(of)
            closed = Expired(references=sale.references)
            self._books.close(sale, closed)
            self._tell(sale, closed, ours=sale.ours)

    def pay(self, of: str, *, amount: Money | None = None) -> References:
        """
        The customer pays by themselves, be the session paid or closed.

        Returns the provider's ids of the payment.
        """
        with self._books.lock:
            sale = self._books.sale(of)
            if sale.done is not None:
                sale = sale.once_more()
            made = self._made("authorization") | self._made("capture")
            paid, effects = sale.pay(
                amount or sale.amount, made, until=self._books.clock() + _HOLDS_FOR
            )
            for kind in effects:
                self._books.effect(kind, paid.amount, sale)
            self._books.know(sale, sale.references)
            self._tell(sale, paid, ours=sale.ours)
            return sale.ids

    def capture(self, of: str, *, amount: Money | None = None) -> str:
        """Somebody takes what is held, or some of it, at the dashboard; return its id."""
        with self._books.lock:
            sale = self._books.sale(of)
            fact = Captured(amount or sale.held, references=self._made("capture"))
            sale.take(fact.amount)
            return self._moved(sale, fact, BogusEffectKind.TAKEN)

    def void(self, of: str, *, amount: Money | None = None) -> str:
        """Somebody releases what is held, or some of it, at the dashboard; return its id."""
        with self._books.lock:
            sale = self._books.sale(of)
            fact = Voided(amount or sale.held, references=self._made("void"))
            sale.release(fact.amount)
            return self._moved(sale, fact, BogusEffectKind.RELEASED)

    def refund(self, of: str, *, amount: Money | None = None) -> str:
        """Somebody gives back what was taken, or some of it, at the dashboard; return its id."""
        with self._books.lock:
            sale = self._books.sale(of)
            left = sale.taken - sale.given_back
            fact = Refunded(amount or left, references=self._made("refund"))
            sale.given_back += fact.amount
            return self._moved(sale, fact, BogusEffectKind.GIVEN_BACK)

    def bounce(self, of: str, code: FailureCode = FailureCode.PROCESSING_ERROR) -> None:
        """
        What was taken or given back comes undone, days later.

        Raises:
            NotFound: There is no call of that id.
            UnsafeInput: Nothing was taken or given back there, or it came undone already.
        """
        with self._books.lock:
            entry, sale = self._moving(of)
            undone = self._books.undone_by(entry.request)
            if not undone:
                raise UnsafeInput("of", "nothing was taken or given back there")
            for effect in undone:
                sale.undo(effect)
            bounced = Bounced(Failure(code), references=_movement_of(entry))
            self._came_of(entry, sale, bounced)

    def retake(self, of: str, *, amount: Money | None = None) -> None:
        """
        What could not be taken, or came undone, is taken after all.

        Raises:
            NotFound: There is no call of that id.
        """
        with self._books.lock:
            entry, sale = self._moving(of)
            fact = Retaken(amount or _asked_of(entry, sale), references=_movement_of(entry))
            sale.take(fact.amount)
            self._books.effect(BogusEffectKind.TAKEN, fact.amount, sale, entry.request)
            self._came_of(entry, sale, fact)

    def change_authorization(
        self, of: str, amount: Money, *, expires_at: datetime | None = None
    ) -> None:
        """Another amount is held from now on."""
        with self._books.lock:
            sale = self._books.sale(of)
            fact = AuthorizationChanged(amount, expires_at=expires_at)
            if amount > sale.held:
                self._books.effect(BogusEffectKind.HELD, amount - sale.held, sale)
            if amount < sale.held:
                self._books.effect(BogusEffectKind.RELEASED, sale.held - amount, sale)
            sale.held = amount
            self._tell(sale, fact)

    def lapse(self, of: str, *, amount: Money | None = None) -> None:
        """The provider lets go of what is held, or of some of it."""
        with self._books.lock:
            sale = self._books.sale(of)
            fact = AuthorizationLapsed(amount or sale.held)
            sale.release(fact.amount)
            self._books.effect(BogusEffectKind.RELEASED, fact.amount, sale)
            self._tell(sale, fact)

    def rename(self, of: str) -> str:
        """The provider calls something by another id of the same role from now on; return it."""
        with self._books.lock:
            sale = self._books.sale(of)
            former = next((each for each in sale.ids if each.id == of), None)
            if former is None:
                raise UnsafeInput("of", "only a session or a payment gets another id")
            renamed = self._made(former.role)
            sale.references |= renamed
            self._books.know(sale, renamed)
            fact = ReferenceChanged(former.id, references=renamed)
            self._tell(sale, fact)
            return _id_of(renamed)

    def dispute(
        self,
        of: str,
        *,
        amount: Money | None = None,
        status: str = "needs_response",
        respond_by: datetime | None = None,
    ) -> str:
        """The customer's bank disputes what was taken, or some of it; return the dispute's id."""
        with self._books.lock:
            sale, made = self._books.sale(of), self._made("dispute")
            fact = DisputeChanged(status, amount=amount or sale.taken, respond_by=respond_by)
            sale.disputes |= made
            self._books.know(sale, made)
            self._tell(sale, fact, made)
            return _id_of(made)

    def change_dispute(
        self,
        of: str,
        status: str,
        *,
        amount: Money | None = None,
        respond_by: datetime | None = None,
    ) -> None:
        """A dispute of this id stands elsewhere now; its money is told of by itself."""
        with self._books.lock:
            sale = self._books.sale(of)
            fact = DisputeChanged(status, amount=amount, respond_by=respond_by)
            self._tell(sale, fact, sale.dispute(of))

    def withdraw(self, of: str, *, amount: Money | None = None) -> None:
        """The provider takes money from us, for the dispute of this id or without one."""
        with self._books.lock:
            sale = self._books.sale(of)
            fact = FundsWithdrawn(amount or sale.taken)
            self._books.effect(BogusEffectKind.WITHDRAWN, fact.amount, sale)
            self._tell(sale, fact, sale.dispute(of))

    def reinstate(self, of: str, *, amount: Money | None = None) -> None:
        """The provider gives back to us what it took, for the dispute of this id or not."""
        with self._books.lock:
            sale = self._books.sale(of)
            fact = FundsReinstated(amount or sale.taken)
            self._books.effect(BogusEffectKind.REINSTATED, fact.amount, sale)
            self._tell(sale, fact, sale.dispute(of))

    def tell_totals(self, of: str) -> None:
        """The provider tells how much was taken and given back in all."""
        with self._books.lock:
            sale = self._books.sale(of)
            fact = Totals(captured=sale.taken, refunded=sale.given_back)
            self._tell(sale, fact)

    def tell(self, report: Report) -> None:
        """
        The provider tells something, be it true or not.

        Raises:
            UnsafeInput: It is nothing that a provider sends word of.
        """
        if not is_told(report.fact):
            raise UnsafeInput("report", "no provider sends word of that: tell what has happened")
        with self._books.lock:
            self._books.outbox.post(report, about=report.references)

    def _tell(
        self, sale: Sale, fact: Fact, also: References = NO_REFERENCES, *, ours: str | None = None
    ) -> None:
        self._books.tell_of(sale, self._now(fact), also=sale.ids | also, ours=ours)

    def _moved(self, sale: Sale, fact: Captured | Voided | Refunded, kind: BogusEffectKind) -> str:
        self._books.effect(kind, fact.amount, sale)
        self._books.know(sale, fact.references)
        self._tell(sale, fact)
        return _id_of(fact.references)

    def _moving(self, of: str) -> tuple[Entry, Sale]:
        """Find a call that moves money, and what it moves the money of."""
        entry = self._books.entry(of)
        if not isinstance(entry.subject, Sale):
            raise UnsafeInput("of", "no money moves there")
        return entry, entry.subject

    def _came_of(self, entry: Entry, sale: Sale, fact: Fact) -> None:
        """Something came of a call; what a payment was taken by is told of by its capture."""
        if isinstance(entry.request, CaptureRequest | VoidRequest | RefundRequest):
            self._books.decide(entry, self._now(fact))
        else:
            self._tell(sale, fact)

    def _now(self, fact: Fact) -> Fact:
        """Return the fact with the provider's time, and its count of what has happened."""
        return attrs.evolve(fact, occurred_at=self._books.clock(), sequence=next(self._numbers))

    def _made(self, role: str) -> References:
        number = str(next(self._numbers))
        name = f"bogus_{role}_{digest(role, number)[:24]}"
        return References((Reference(ReferenceRole(role), name),))


def _movement_of(entry: Entry) -> References:
    """Return what the provider calls the movement that a call made."""
    if isinstance(entry.request, VoidRequest | RefundRequest):
        return entry.made
    return entry.made.only({ReferenceRole.CAPTURE})


def _asked_of(entry: Entry, sale: Sale) -> Money:
    return entry.request.amount if isinstance(entry.request, CaptureRequest) else sale.amount


def _id_of(made: References) -> str:
    return made.entries[0].id
