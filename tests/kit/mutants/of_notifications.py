"""Gateways that believe too much, too little, or tell it wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.secrets import Secret
from paysession._money import Money
from paysession.errors import InvalidSignature
from paysession.gateways import (
    BogusGateway,
    BogusProvider,
    CaptureRequest,
    Notification,
    StandardWebhooks,
    read_json,
)
from paysession.gateways._bogus_mail import reports_in
from paysession.outcomes import (
    NO_REFERENCES,
    Authorized,
    Captured,
    Declined,
    Ends,
    Fact,
    Pending,
    ReferenceRole,
    References,
    Refunded,
    Report,
)

NUMBERS = count()


def retold(reports: Iterable[Report], change: Callable[[Fact], Fact]) -> tuple[Report, ...]:
    """Return reports of the same things, and other facts."""
    return tuple(attrs.evolve(each, fact=change(each.fact)) for each in reports)


class ComparesText(BogusGateway):
    """Has its signatures compared as ASCII, and nobody has told those who forge them."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        (notification.header("webhook-signature") or "").encode("ascii")
        return super().read_notification(notification)


class ParsesBeforeItVerifies(BogusGateway):
    """Tells whoever signs nothing how its parser fails."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        read_json(notification)
        return super().read_notification(notification)


class VerifiesWhatItHasParsed(BogusGateway):
    """Writes the JSON anew to verify it, as a framework's parsed body makes tempting."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        try:
            body = json.dumps(json.loads(notification.body), ensure_ascii=False).encode()
        except ValueError:
            raise InvalidSignature from None
        return super().read_notification(Notification(body, notification.headers))


class BelievesWhatItIsTold(BogusGateway):
    """Believes whoever writes as the provider does."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        return reports_in(notification)


class LocksOut(BogusGateway):
    """Passes over what came with a wrong signature once, whoever had sent that."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        forged = vars(self).setdefault("forged", set())
        name = notification.header("webhook-id")
        try:
            reports = super().read_notification(notification)
        except InvalidSignature:
            forged.add(name)
            raise
        return () if name in forged else reports


class SaysWhatItExpected(BogusGateway):
    """Helps whoever sets the webhook up, and whoever forges one."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        try:
            return super().read_notification(notification)
        except InvalidSignature as error:
            error.add_note(f"it has the headers {sorted(notification.headers)}")
            raise


class ChainsItsVerifier(BogusGateway):
    """Raises what it has to from what its provider's library raised."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        if not notification.header("webhook-signature"):
            raise InvalidSignature from KeyError("webhook-signature")
        return super().read_notification(notification)


class LooksAtTheAgeAlone(BogusGateway):
    """Believes for ever what was signed for tomorrow, as one provider's library does."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        seconds = notification.header("webhook-timestamp") or ""
        is_a_time = seconds.isdecimal() and len(seconds) <= 12
        sent = datetime.fromtimestamp(int(seconds) if is_a_time else 0, UTC)
        provider = self.provider
        provider._webhooks.verify(notification, now=max(sent, provider._books.clock()))
        return reports_in(notification)


class TimeIsNotSigned(BogusGateway):
    """Takes the time from beside a signature that it has verified before."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        seal = notification.body, notification.header("webhook-signature")
        time = notification.header("webhook-timestamp") or ""
        now = self.provider._books.clock().timestamp()
        verified = vars(self).setdefault("verified", set())
        if seal in verified and time.isdecimal() and abs(now - float(time)) < 300:
            return reports_in(notification)
        reports = super().read_notification(notification)
        verified.add(seal)
        return reports


class KnowsTheFirstSecret(BogusGateway):
    """Takes a list of secrets, and looks at one."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        provider._webhooks._secrets = provider._webhooks._secrets[:1]


class NeverForgetsASecret(BogusGateway):
    """What was stolen once is good for ever."""

    known: tuple[Secret, ...] = ()

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        heard = [each for each in provider._webhooks._secrets if each not in self.known]
        type(self).known += tuple(heard)
        provider._webhooks._secrets = self.known


class NumbersWhatItReads(BogusGateway):
    """Gives every report an id of its own, so that no duplicate is ever found."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        reports = super().read_notification(notification)
        return tuple(attrs.evolve(each, id=f"evt_{next(NUMBERS)}") for each in reports)


class RemembersWhatItHasRead(BogusGateway):
    """Passes over what it has read already, in the memory of one process."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        read = vars(self).setdefault("read", set())
        reports = super().read_notification(notification)
        fresh = tuple(each for each in reports if each.id not in read)
        read.update(each.id for each in reports)
        return fresh


class StampsNotificationsNow(BogusGateway):
    """Says of everything that it has happened as it is read."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        now = self.provider._books.clock()
        reports = super().read_notification(notification)
        return retold(reports, lambda fact: attrs.evolve(fact, occurred_at=now))


class CapturesWhatItReads(BogusGateway):
    """Takes what is held as soon as it is told that it is."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        reports = super().read_notification(notification)
        for each in reports:
            held = each.references.get(ReferenceRole.AUTHORIZATION)
            if isinstance(each.fact, Authorized) and self.held(each.fact.amount.currency):
                self.provider.later.capture(str(held))
        return reports


class DropsWhatIsOlder(BogusGateway):
    """Acts on the newest event alone, as if the last word were all that counts."""

    newest = 0

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        reports = super().read_notification(notification)
        numbers = ["".join(filter(str.isdecimal, str(each.id))) for each in reports]
        number = max((int(each or "0") for each in numbers), default=0)
        self.newest = max(number, self.newest)
        return reports if number == self.newest else ()


class TellsWhatIsHeldByNow(BogusGateway):
    """Fetches the object that an event is about, and tells how that is now."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        def by_now(fact: Fact) -> Fact:
            if not isinstance(fact, Authorized):
                return fact
            return attrs.evolve(fact, amount=self.held(fact.amount.currency) or fact.amount)

        return retold(super().read_notification(notification), by_now)


class EchoesTheirReference(BogusGateway):
    """Takes the provider's id of the session for what we sent along."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        return tuple(
            attrs.evolve(each, our_reference=each.references.get(ReferenceRole.SESSION))
            for each in super().read_notification(notification)
        )


class TellsOfNobody(BogusGateway):
    """Says what has happened, and not to whom."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        return tuple(
            Report(attrs.evolve(each.fact, references=NO_REFERENCES), id=each.id)
            for each in super().read_notification(notification)
        )


class CallsItByAnotherName(BogusGateway):
    """Takes the event's own id for that of the authorization."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        def renamed(fact: Fact) -> Fact:
            theirs = References.of(authorization=notification.header("webhook-id"))
            return attrs.evolve(fact, references=fact.references | theirs)

        return retold(super().read_notification(notification), renamed)


class CountsNotificationsInHundredths(BogusGateway):
    """Divides by a hundred what comes in a notification, whatever the currency."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        def counted(fact: Fact) -> Fact:
            if not isinstance(fact, Authorized | Captured):
                return fact
            digits = fact.amount.currency.digits
            return attrs.evolve(fact, amount=fact.amount * 10 ** abs(2 - digits))

        return retold(super().read_notification(notification), counted)


class TellsRefundsOfAnother(BogusGateway):
    """Takes the id of the sale, which was sent along first, for that of its refund."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        sales = [each for each in self.calls if each.method in ("complete_session", "charge")]
        return tuple(
            attrs.evolve(each, our_reference=sales[-1].operation_id)
            if isinstance(each.fact, Refunded) and sales
            else each
            for each in super().read_notification(notification)
        )


class LosesTheReason(BogusGateway):
    """Maps declines by one table where it is answered, and by another where it is told."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        def mapped(fact: Fact) -> Fact:
            if not isinstance(fact, Declined):
                return fact
            return attrs.evolve(fact, failure=Failure(FailureCode.LOST_OR_STOLEN))

        return retold(super().read_notification(notification), mapped)


class PendingToldAsTaken(BogusGateway):
    """Takes the first word of a capture for its success."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        captures = [each for each in self.calls if isinstance(each, CaptureRequest)]
        asked = {each.operation_id: each.amount for each in captures}
        return tuple(
            attrs.evolve(each, fact=Captured(asked[each.our_reference]))
            if isinstance(each.fact, Pending) and each.our_reference in asked
            else each
            for each in super().read_notification(notification)
        )


class ReadsCarelessly(BogusGateway):
    """Verifies, and trusts its provider to write what it always wrote."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        provider = self.provider
        provider._webhooks.verify(notification, now=provider._books.clock())
        return reports_in(notification) if json.loads(notification.body)["events"] else ()


class LetsBadAmountsOut(BogusGateway):
    """Reads amounts by itself, and has never seen one that is none."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        reports = super().read_notification(notification)
        for event in read_json(notification)["events"]:
            said = event.get("what", {}).get("amount", {"value": "1", "currency": "USD"})
            Money(said["value"], said["currency"])
        return reports


class TellsHintsAsFacts(BogusGateway):
    """Declares that nobody signs its facts, and tells them all the same."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, signs_facts=False)


class ChokesOnHints(TellsHintsAsFacts):
    """Has whatever anybody sends kept for a person to see."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        return reports_in(notification)


class CountsBackwards(BogusGateway):
    """Counts the news that are still to come."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        reports = super().read_notification(notification)
        number = (notification.header("webhook-id") or "").rpartition("_")[2]
        left = 1_000_000 - int(number)
        return tuple(
            attrs.evolve(each, fact=attrs.evolve(each.fact, sequence=left)) for each in reports
        )


class EndsWhatWasDeclined(BogusGateway):
    """Tells of every decline that the session is over."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        return tuple(
            attrs.evolve(each, fact=attrs.evolve(each.fact, ends=Ends.OBJECT))
            if isinstance(each.fact, Declined)
            else each
            for each in super().read_notification(notification)
        )


class ComparesTheBeginning(BogusGateway):
    """Compares as many characters of a signature as it was sent."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        headers = {name.lower(): text for name, text in notification.headers.items()}
        sent, secrets = headers.get("webhook-signature", ""), self.provider._webhooks._secrets
        known = [StandardWebhooks([each.reveal()]) for each in secrets]
        at = self.provider._books.clock()
        ours = [
            each.sign(notification.body, id=headers.get("webhook-id", "x"), at=at) for each in known
        ]
        for good in [each for each in ours if sent and each["webhook-signature"].startswith(sent)]:
            notification = Notification(notification.body, good)
        return super().read_notification(notification)


MUTANTS: dict[str, type[BogusGateway]] = {
    "NOTE-1": ComparesText,
    "NOTE-2": BelievesWhatItIsTold,
    "NOTE-3": SaysWhatItExpected,
    "NOTE-4": LooksAtTheAgeAlone,
    "NOTE-5": KnowsTheFirstSecret,
    "NOTE-6": NeverForgetsASecret,
    "NOTE-7": NumbersWhatItReads,
    "NOTE-8": CapturesWhatItReads,
    "NOTE-9": DropsWhatIsOlder,
    "NOTE-10": TellsWhatIsHeldByNow,
    "NOTE-11": EchoesTheirReference,
    "NOTE-12": CallsItByAnotherName,
    "NOTE-13": LosesTheReason,
    "NOTE-14": ReadsCarelessly,
    "NOTE-15": LetsBadAmountsOut,
    "NOTE-16": TellsHintsAsFacts,
    "NOTE-17": ChokesOnHints,
    "NOTE-18": CountsBackwards,
    "NOTE-19": ComparesTheBeginning,
}

ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("NOTE-12", EndsWhatWasDeclined),
    ("NOTE-1", ParsesBeforeItVerifies),
    ("NOTE-1", VerifiesWhatItHasParsed),
    ("NOTE-2", LocksOut),
    ("NOTE-3", ChainsItsVerifier),
    ("NOTE-4", TimeIsNotSigned),
    ("NOTE-7", RemembersWhatItHasRead),
    ("NOTE-7", StampsNotificationsNow),
    ("NOTE-11", TellsOfNobody),
    ("NOTE-12", CountsNotificationsInHundredths),
    ("NOTE-12", TellsRefundsOfAnother),
    ("NOTE-13", PendingToldAsTaken),
)
