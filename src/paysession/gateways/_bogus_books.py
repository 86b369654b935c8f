"""What the in-memory provider has written down: calls, sessions and charges, money, and mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from threading import Lock
from typing import TypeAlias

import attrs

from paysession._money import Money
from paysession.errors import NotFound
from paysession.gateways._bogus_mail import Outbox, is_told
from paysession.gateways._bogus_objects import BogusEffect, BogusEffectKind, Sale, Subject
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.notifications import StandardWebhooks
from paysession.gateways.requests import (
    CancelRefundRequest,
    CaptureRequest,
    ChargeRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CompleteSetupSessionRequest,
    CreateSessionRequest,
    CreateSetupSessionRequest,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import (
    ActionRequired,
    Canceled,
    Expired,
    Fact,
    Outcome,
    Pending,
    ReferenceRole,
    References,
    Report,
)

Moves: TypeAlias = CaptureRequest | VoidRequest | RefundRequest
Priced: TypeAlias = UpdateSessionRequest | CompleteSessionRequest | ChargeRequest | Moves
Asked: TypeAlias = (
    Priced
    | CreateSessionRequest
    | CloseSessionRequest
    | CancelRefundRequest
    | CreateSetupSessionRequest
    | CompleteSetupSessionRequest
)


@attrs.define(eq=False)
class Entry:
    """One request that arrived: what was answered, and what is true by now."""

    request: Asked
    subject: Subject | None
    made: References
    answer: Outcome
    fact: Fact
    at: datetime

    def is_called(self, name: str) -> bool:
        """Tell whether this is our id of the operation, or the provider's of what it made."""
        ids = (reference.id for reference in self.made)
        return name == self.request.operation_id or name in ids


class Books:
    """
    All that a provider knows. Whoever reads or writes here holds the lock.

    Attributes:
        lock: To be held.
        capabilities: What the provider can do.
        clock: Tells this instant.
        outbox: What it tells by itself.
        waiting: What is undecided.
        effects: What happened to money, in order.
        calls: Every request that was made, in order.
    """

    def __init__(
        self, capabilities: Capabilities, clock: Callable[[], datetime], webhooks: StandardWebhooks
    ) -> None:
        self.lock: AbstractContextManager[bool] = Lock()
        self.capabilities = capabilities
        self.clock = clock
        self.outbox: Outbox = Outbox(webhooks, signs_facts=capabilities.signs_facts)
        self.waiting: list[Entry] = []
        self.effects: list[BogusEffect] = []
        self.calls: list[Request[object]] = []
        self._subjects: dict[str, Subject] = {}
        self._entries: dict[str, list[Entry]] = {}

    def under(self, key: str) -> list[Entry]:
        """Return what arrived under an idempotency key."""
        return self._entries.get(key, [])

    def remembered(self, key: str) -> Entry | None:
        """Return what this key was used for, if the provider honours keys and still knows."""
        entries = self.under(key)
        if not entries or not self.capabilities.honours_keys:
            return None
        age = self.clock() - entries[-1].at
        return entries[-1] if age < self.capabilities.key_window else None

    def write(self, entry: Entry) -> None:
        """Write a call down that was answered."""
        self._entries.setdefault(entry.request.key, []).append(entry)
        if isinstance(entry.answer, Pending | ActionRequired):
            self.waiting.append(entry)

    def entries(self) -> Iterator[Entry]:
        """Return all calls, the latest first."""
        for entries in reversed(self._entries.values()):
            yield from reversed(entries)

    def entry(self, name: str) -> Entry:
        """
        Find a call by our id of its operation, or by the provider's of what it made.

        Raises:
            NotFound: There is no such call.
        """
        entry = next((each for each in self.entries() if each.is_called(name)), None)
        if entry is None:
            raise NotFound("call at the provider", name)
        return entry

    def know(self, subject: Subject, references: References) -> None:
        """Find it by these ids from now on."""
        for reference in references:
            if reference.role is not ReferenceRole.CUSTOMER:
                self._subjects[reference.id] = subject

    def known_by(self, references: References) -> Subject | None:
        """Return what one of these ids names, the latest first."""
        ids = (reference.id for reference in reversed(references.entries))
        return next((self._subjects[id_] for id_ in ids if id_ in self._subjects), None)

    def sale(self, name: str) -> Sale:
        """
        Find a session or charge by any of its ids, or by our id of a call about it.

        Raises:
            NotFound: There is no such session or charge.
        """
        subject = self._subjects.get(name)
        if subject is None:
            entry = next((each for each in self.entries() if each.is_called(name)), None)
            subject = entry.subject if entry else None
        if not isinstance(subject, Sale):
            raise NotFound("session or charge at the provider", name)
        return subject

    def stop_waiting(self, *entries: Entry) -> None:
        """They have nothing to wait for any more."""
        self.waiting = [each for each in self.waiting if each not in entries]

    def forget_actions(self, subject: Subject) -> None:
        """The customer goes on with another call: earlier ones have nothing to wait for."""
        actions = (each for each in self.waiting if not isinstance(each.answer, Pending))
        self.stop_waiting(*(each for each in actions if each.subject is subject))

    def close(self, subject: Subject, closed: Canceled | Expired) -> Canceled | Expired:
        """Close a session that was not paid, and with it whatever waits in it."""
        subject.closed = closed
        ended = [each for each in self.waiting if each.subject is subject]
        self.stop_waiting(*ended)
        for each in ended:
            self.decide(each, closed)
        return closed

    def decide(self, entry: Entry, fact: Fact) -> None:
        """Something became true of a call; the provider tells."""
        entry.fact = fact
        self.tell(entry, fact)

    def tell(self, entry: Entry, fact: Fact) -> None:
        """Send word of a call."""
        if is_told(fact):
            ours, references = entry.request.operation_id, fact.references
            report = Report(fact, our_reference=ours, references=references)
            self.outbox.post(report, about=entry.subject.ids if entry.subject else references)

    def tell_of(
        self, subject: Subject, fact: Fact, *, also: References, ours: str | None = None
    ) -> None:
        """Send word of what is about no call; look-ups tell it too."""
        report = Report(fact, our_reference=ours, references=also | fact.references)
        subject.reports.append(report)
        self.outbox.post(report, about=subject.ids)

    def effect(
        self, kind: BogusEffectKind, amount: Money, subject: Subject, by: Asked | None = None
    ) -> None:
        """Write down what happened to money, and by whose call, if by anybody's."""
        self.effects.append(
            BogusEffect(
                kind=kind,
                amount=amount,
                key=by.key if by else "",
                operation_id=by.operation_id if by else "",
                reference=subject.id,
            )
        )

    def left_of(self, capture: str, sale: Sale) -> Money:
        """Return what one capture took and the refunds that name it left; not ours has no limit."""
        made = next((each for each in self.entries() if capture == _capture_of(each.made)), None)
        if made is None:
            return sale.taken
        calls = self.entries()
        naming = [each for each in calls if capture == _capture_of(each.request.references)]
        given_back = self._moved_by(naming, BogusEffectKind.GIVEN_BACK, sale)
        return self._moved_by([made], BogusEffectKind.TAKEN, sale) - given_back

    def _moved_by(self, calls: Iterable[Entry], kind: BogusEffectKind, sale: Sale) -> Money:
        keys = {each.request.key for each in calls}
        lasting = (each for each in self.effects if each.kind is kind and not each.is_undone)
        amounts = (each.amount for each in lasting if each.key in keys)
        return Money.sum(amounts, currency=sale.amount.currency)

    def undone_by(self, call: Asked) -> list[BogusEffect]:
        """Let what a call took or gave back come undone; return it."""
        undone = [
            each
            for each in self.effects
            if each.key == call.key
            and each.kind in (BogusEffectKind.TAKEN, BogusEffectKind.GIVEN_BACK)
            and not each.is_undone
        ]
        self.effects = [
            attrs.evolve(each, is_undone=True) if each in undone else each for each in self.effects
        ]
        return undone


def _capture_of(references: References) -> str | None:
    return references.get(ReferenceRole.CAPTURE)
