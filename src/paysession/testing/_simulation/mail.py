"""Bring a provider's notifications to the shop, and the shop's events to whoever listens."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from random import Random
from types import MappingProxyType
from typing import Final, TypeAlias

from paysession._money import Money
from paysession.outcomes import Captured, Declined, References, Report
from paysession.testing._simulation.driver import Driver
from paysession.testing._simulation.faults import NOTIFICATION, PUBLISH, Fault
from paysession.testing._simulation.letters import Letter, body_of, signed
from paysession.testing._simulation.processes import Process
from paysession.testing._simulation.troubles import Trouble

_MOST_EVENTS: Final = 100
_PUBLISHER: Final = "publisher"


class Mail:
    """
    The way between a provider and a shop.

    Attributes:
        troubles: Faults that wait for the next letter.
        old: Letters that have come.
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.troubles: list[Trouble] = []
        self.old: list[Letter] = []

    def bring(self, dice: Random, *, most: int) -> None:
        """Bring some of the letters whose time has come, oldest first as a rule."""
        for _ in range(most):
            due = self._due()
            if not due:
                return
            letters = due[:2] if dice.random() < 0.2 else due[:1]
            trouble = self.troubles.pop(0) if self.troubles else None
            if trouble is None:
                self.hand_over(letters)
            else:
                self._goes_wrong(trouble, letters, due)

    def bring_newest(self) -> None:
        """Bring the letter that was written last, if it has not come yet."""
        due = self._due()
        if due:
            self.hand_over(due[-1:])

    def bring_all(self) -> None:
        """Bring whatever there is, however late it was meant to come, as far as it is taken."""
        while self._waiting:
            first = self._waiting[0]
            self.hand_over(self._waiting[:4])
            if first in self._waiting:
                return

    @property
    def refused(self) -> Sequence[Letter]:
        """What has not been taken note of, however often it was sent."""
        return self._waiting

    @property
    def _waiting(self) -> list[Letter]:
        return self.driver.provider.books.post.waiting

    def _due(self) -> list[Letter]:
        return [each for each in self._waiting if each.not_before <= self.driver.now]

    def hand_over(self, letters: Sequence[Letter]) -> Process:
        """Send letters; what is not taken note of is sent again another time."""
        body = body_of(letters)
        process = self.send(body, signed(body, self.driver.now))
        was_heard = process.error is None and not process.crashed
        if was_heard and not self.driver.gateway.misread:
            for letter in letters:
                if letter in self._waiting:
                    self._waiting.remove(letter)
            self.old.extend(letters)
        return process

    def send(
        self, body: bytes, headers: Mapping[str, str], *, gateway: str | None = None
    ) -> Process:
        """Send raw bytes, whoever wrote them, to the provider's own account or to another."""
        account = gateway or self.driver.account
        process = self.driver.begin(
            "webhooks", "receive_notification", account, body=body, headers=headers
        )
        return self.driver.run(process)

    def _goes_wrong(self, trouble: Trouble, letters: list[Letter], due: list[Letter]) -> None:
        """Let one of the letters' faults happen, if there is something that it can happen to."""
        dice = Random(trouble.dice)  # noqa: S311 - to be replayed
        mishap = MISHAPS[trouble.fault]
        if mishap(self, dice, letters, due):
            self.driver.faults[trouble.fault, NOTIFICATION] += 1
        else:
            self.hand_over(letters)

    def publish(self) -> None:
        """Hand events out, in order, and take them off the outbox."""
        backend, history = self.driver.backend, self.driver.history
        backend.begin(_PUBLISHER)
        events = backend.unpublished(limit=_MOST_EVENTS)
        history.published.extend(events)
        waiting = self.driver.troubles[PUBLISH]
        if waiting and events:
            trouble = waiting.pop(0)
            self.driver.faults[trouble.fault, PUBLISH] += 1
            self.driver.crashes += 1
            backend.die(_PUBLISHER)
            return
        backend.mark_published(events)


Mishap: TypeAlias = Callable[[Mail, Random, list[Letter], list[Letter]], bool]


def _comes_twice(mail: Mail, _: Random, letters: list[Letter], __: list[Letter]) -> bool:
    mail.hand_over(letters)
    mail.hand_over(letters)
    return True


def _comes_anew(mail: Mail, _: Random, letters: list[Letter], __: list[Letter]) -> bool:
    post = mail.driver.provider.books.post
    copies = [post.again(each, at=mail.driver.now) for each in letters]
    mail.hand_over(letters)
    mail.hand_over(copies)
    return True


def _come_reordered(mail: Mail, dice: Random, _: list[Letter], due: list[Letter]) -> bool:
    if len(due) < 2:
        return False
    some = due[:4]
    dice.shuffle(some)
    for each in some:
        mail.hand_over([each])
    return True


def _comes_late(mail: Mail, dice: Random, letters: list[Letter], _: list[Letter]) -> bool:
    for each in letters:
        each.not_before = mail.driver.now + timedelta(hours=dice.randint(20, 120))
    return True


def _is_lost(mail: Mail, _: Random, letters: list[Letter], __: list[Letter]) -> bool:
    """Nobody ever hears of it again, where the provider can be asked instead."""
    if "look_up" in mail.driver.provider.profile.lacks:
        return False
    for each in letters:
        mail.driver.provider.books.post.waiting.remove(each)
    return True


def _is_unknown_to_us(mail: Mail, dice: Random, _: list[Letter], __: list[Letter]) -> bool:
    books = mail.driver.provider.books
    reference = References.of(capture=f"sim_elsewhere_{dice.randrange(10**6)}")
    report = Report(Captured(Money("5.00", "USD"), references=reference), references=reference)
    mail.hand_over([books.post.write((report,), at=mail.driver.now)])
    return True


def _comes_to_the_wrong_account(
    mail: Mail, _: Random, letters: list[Letter], __: list[Letter]
) -> bool:
    body = body_of(letters)
    mail.send(body, signed(body, mail.driver.now), gateway=mail.driver.accounts[1])
    return True


def _is_stale(mail: Mail, dice: Random, _: list[Letter], __: list[Letter]) -> bool:
    books = mail.driver.provider.books
    stale = [
        (deal, job, fact)
        for deal in books.in_order
        for job in deal.jobs[:-1]
        for fact in job.said
        if isinstance(fact, Declined)
    ]
    if not stale:
        return False
    deal, job, fact = dice.choice(stale)
    mail.hand_over([books.tell(deal, fact, job)])
    return True


def _is_replayed(mail: Mail, dice: Random, _: list[Letter], __: list[Letter]) -> bool:
    if not mail.old:
        return False
    body = body_of([dice.choice(mail.old)])
    mail.send(body, signed(body, mail.driver.now - timedelta(hours=1)))
    return True


def _is_forged(mail: Mail, dice: Random, letters: list[Letter], _: list[Letter]) -> bool:
    body = body_of(letters)
    ((name, good),) = signed(body, mail.driver.now).items()
    hostile: tuple[dict[str, str], ...] = (
        {},
        {name: ""},
        {name: good[:-1]},
        {name: good.replace("v1=", "v1=f")},
        {name: good + "\u00e9\u4e2d"},
        {name: good, name.upper(): good},
        {name: "t=nan,v1=0"},
    )
    mail.send(body, dice.choice(hostile))
    return True


def _is_forged_in_part(mail: Mail, _: Random, letters: list[Letter], __: list[Letter]) -> bool:
    body = json.dumps([*(each.id for each in letters), "forged"]).encode()
    mail.send(body, signed(body, mail.driver.now))
    return True


def _is_rewritten(mail: Mail, _: Random, letters: list[Letter], __: list[Letter]) -> bool:
    body = body_of(letters)
    mail.send(json.dumps(json.loads(body), indent=1).encode(), signed(body, mail.driver.now))
    return True


def _holds_odd_text(mail: Mail, dice: Random, _: list[Letter], __: list[Letter]) -> bool:
    odd = dice.choice((b'["\\u0000\\ud800"]', b"\xff\xfe[", '["\u202e"]'.encode()))
    mail.send(odd, signed(odd, mail.driver.now))
    return True


def _holds_odd_json(mail: Mail, dice: Random, _: list[Letter], __: list[Letter]) -> bool:
    odd = dice.choice((b"[" * 100_000, b'{"a": 1, "a": 2}', b"[" + b" " * 200_000 + b"1e999]"))
    mail.send(odd, signed(odd, mail.driver.now))
    return True


MISHAPS: Final[Mapping[Fault, Mishap]] = MappingProxyType(
    {
        Fault.TOLD_TWICE: _comes_twice,
        Fault.TOLD_TWICE_ANEW: _comes_anew,
        Fault.REORDERED: _come_reordered,
        Fault.DAYS_LATE: _comes_late,
        Fault.LOST: _is_lost,
        Fault.UNKNOWN_TO_US: _is_unknown_to_us,
        Fault.OTHER_ACCOUNT: _comes_to_the_wrong_account,
        Fault.STALE_ATTEMPT: _is_stale,
        Fault.OLD_SIGNATURE: _is_replayed,
        Fault.BAD_SIGNATURE: _is_forged,
        Fault.FORGED_IN_BATCH: _is_forged_in_part,
        Fault.BODY_REWRITTEN: _is_rewritten,
        Fault.ODD_TEXT: _holds_odd_text,
        Fault.ODD_JSON: _holds_odd_json,
    }
)
"""What happens to letters on their way; each says whether it could."""
