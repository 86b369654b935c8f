"""
What a gateway answers, and what a provider says has happened.

An *outcome* answers a request of ours. A *report* is a provider's own word ("this
happened to that object"), from a notification or a look-up. What either says about money
or an object is a *fact*. Facts are closed unions of frozen classes, made to be matched:

    match outcome:
        case Captured(amount): ...
        case Declined(failure): ...
        case Unknown(reason): ...

A decline is a result, not an exception: certainly no money moved. `Unknown` is a result
too: the money may have moved, and only evidence settles it. A fact carries whole amounts,
never differences, and the provider's amount, never an echo of ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never, get_args

import attrs

from paysession._domain.failures import Actor, Failure, FailureCode, Retry
from paysession._domain.limits import aware, is_a, redacted, safe_choice, safe_reference, safe_text
from paysession._domain.secrets import ClientData
from paysession._domain.sources import Profile
from paysession._money import Money
from paysession.errors import InvalidAmount

__all__ = [
    "Accepted",
    "ActionRequired",
    "Actor",
    "Approved",
    "AuthorizationChanged",
    "AuthorizationLapsed",
    "Authorized",
    "Bounced",
    "Canceled",
    "Captured",
    "Declined",
    "DisputeChanged",
    "Ends",
    "Expired",
    "Fact",
    "Failure",
    "FailureCode",
    "FundsReinstated",
    "FundsWithdrawn",
    "NextAction",
    "NotAttempted",
    "Outcome",
    "Pending",
    "Profile",
    "Redirect",
    "Reference",
    "ReferenceChanged",
    "ReferenceRole",
    "References",
    "Refunded",
    "Rejected",
    "Report",
    "Retaken",
    "Retry",
    "ShowCode",
    "Stored",
    "Superseded",
    "Totals",
    "Unknown",
    "Unreadable",
    "UseSdk",
    "Voided",
    "WaitForTransfer",
]


class ReferenceRole(StrEnum):
    """What one of the provider's ids stands for."""

    SESSION = "session"
    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    DISPUTE = "dispute"
    CUSTOMER = "customer"
    SOURCE = "source"


def _role(value: str) -> ReferenceRole:
    return safe_choice(value, field="reference role", among=ReferenceRole)


def _reference_id(value: str) -> str:
    return safe_reference(value, field="reference")


def _optional_id(value: str | None) -> str | None:
    return None if value is None else safe_reference(value, field="an id in a report")


def _word(value: str) -> str:
    return safe_text(value, field="a provider's word", most=40)


MOST_REFERENCES = 100
"""Ids kept of one thing; what a provider calls by more names than that keeps its first."""


@attrs.frozen
class Reference:
    """One id that the provider gave to one object."""

    role: ReferenceRole = attrs.field(converter=_role)
    id: str = attrs.field(converter=_reference_id)


def _references(entries: Iterable[Reference]) -> tuple[Reference, ...]:
    """Keep each once: a provider may name an id twice, and nobody can claim it twice."""
    kept = tuple(entries)
    for entry in kept:
        if type(entry) is not Reference:
            raise TypeError(f"references hold Reference, not {type(entry).__name__}")
    return tuple(dict.fromkeys(kept))[:MOST_REFERENCES] if len(kept) > 1 else kept


@attrs.frozen
class References:
    """
    The provider's ids of one thing, by role, in the order they were learnt: at most a hundred.

    A provider may replace an id (PayPal does on re-authorization): the newest counts, the
    former ones are kept, because late reports still speak of them.
    """

    entries: tuple[Reference, ...] = attrs.field(default=(), converter=_references)

    @classmethod
    def of(
        cls,
        *,
        session: str | None = None,
        authorization: str | None = None,
        capture: str | None = None,
        void: str | None = None,
        refund: str | None = None,
        dispute: str | None = None,
        customer: str | None = None,
        source: str | None = None,
    ) -> References:
        """Name the ids you have; each is text of at most 255 characters."""
        given = {
            ReferenceRole.SESSION: session,
            ReferenceRole.AUTHORIZATION: authorization,
            ReferenceRole.CAPTURE: capture,
            ReferenceRole.VOID: void,
            ReferenceRole.REFUND: refund,
            ReferenceRole.DISPUTE: dispute,
            ReferenceRole.CUSTOMER: customer,
            ReferenceRole.SOURCE: source,
        }
        return cls(
            tuple(Reference(role, value) for role, value in given.items() if value is not None)
        )

    def get(self, role: ReferenceRole) -> str | None:
        """Return the newest id of this role, if there is one."""
        return next((entry.id for entry in reversed(self.entries) if entry.role == role), None)

    def only(self, roles: Collection[ReferenceRole]) -> References:
        """Return the ids of these roles."""
        return References(tuple(entry for entry in self.entries if entry.role in roles))

    def renamed(self, fact: ReferenceChanged) -> References:
        """Return these and the newest id after them; a former one nobody knew is the oldest."""
        former = fact.former_references.entries if len(self.entries) < MOST_REFERENCES else ()
        unknown = tuple(each for each in former if each not in self.entries)
        return References(unknown + self.entries) | fact.references

    def __or__(self, other: References) -> References:
        fresh = tuple(entry for entry in other.entries if entry not in self.entries)
        return References(self.entries + fresh) if fresh else self

    def __iter__(self) -> Iterator[Reference]:
        return iter(self.entries)


NO_REFERENCES = References()


def _instant(value: datetime | None) -> datetime | None:
    return None if value is None else aware(value, field="a provider's time")


def _client_data(value: ClientData | str | Mapping[str, object]) -> ClientData:
    return value if isinstance(value, ClientData) else ClientData(value)


@attrs.frozen
class Redirect:
    """Send the browser to `url`; with method POST, post `fields` there."""

    url: ClientData = attrs.field(converter=_client_data)
    method: str = attrs.field(default="GET", kw_only=True, converter=_word)
    fields: ClientData | None = attrs.field(
        default=None, kw_only=True, converter=attrs.converters.optional(_client_data)
    )


@attrs.frozen
class UseSdk:
    """Hand `data` to the provider's script in the browser (an embedded 3-D Secure challenge)."""

    data: ClientData = attrs.field(converter=_client_data)


@attrs.frozen
class ShowCode:
    """Show a code that the customer scans or takes to a shop (Pix, boleto, OXXO)."""

    code: ClientData = attrs.field(converter=_client_data)
    kind: str = attrs.field(default="qr", kw_only=True, converter=_word)
    expires_at: datetime | None = attrs.field(default=None, kw_only=True, converter=_instant)


@attrs.frozen
class WaitForTransfer:
    """Tell the customer where to transfer the money to."""

    instructions: ClientData = attrs.field(converter=_client_data)


NextAction: TypeAlias = Redirect | UseSdk | ShowCode | WaitForTransfer


class Ends(StrEnum):
    """What a decline ends: this attempt only, or the provider's object with it."""

    ATTEMPT = "attempt"
    OBJECT = "object"


def _ends(value: str) -> Ends:
    return safe_choice(value, field="ends", among=Ends)


_is_money = is_a(Money)
_is_failure = is_a(Failure)
_is_profile = is_a(Profile)


def _more_than_zero(_: object, field: attrs.Attribute[Money], amount: Money) -> None:
    _is_money(None, field, amount)
    if amount.minor <= 0:
        raise InvalidAmount(str(amount), "a provider moves more than zero")


@attrs.frozen(kw_only=True)
class _Said:
    """
    What every fact may carry beside its content.

    Attributes:
        references: The provider's ids of what it speaks of.
        occurred_at: The provider's own time of it, if it gives one.
        sequence: The provider's own count of changes of that object, if it has one.
    """

    references: References = attrs.field(default=NO_REFERENCES, validator=is_a(References))
    occurred_at: datetime | None = attrs.field(default=None, converter=_instant)
    sequence: int | None = attrs.field(default=None, validator=is_a(int, optional=True))


@attrs.frozen
class Accepted(_Said):
    """Taken note of; no money has moved (a session was opened, an amount was updated)."""

    client_data: ClientData | None = attrs.field(
        default=None, kw_only=True, converter=attrs.converters.optional(_client_data)
    )
    next_action: NextAction | None = attrs.field(
        default=None, kw_only=True, validator=is_a(*get_args(NextAction), optional=True)
    )
    expires_at: datetime | None = attrs.field(default=None, kw_only=True, converter=_instant)


@attrs.frozen
class ActionRequired(_Said):
    """The customer must act before anything can move."""

    next_action: NextAction = attrs.field(validator=is_a(*get_args(NextAction)))
    client_data: ClientData | None = attrs.field(
        default=None, kw_only=True, converter=attrs.converters.optional(_client_data)
    )


@attrs.frozen
class Approved(_Said):
    """The customer is done and our completing call is due (PayPal). No money has moved."""


@attrs.frozen
class Pending(_Said):
    """The provider is working on it; a report or a look-up will say how it ended."""

    reason: str = attrs.field(default="", converter=redacted)


@attrs.frozen
class Authorized(_Said):
    """
    `amount` is held for us, until `expires_at` if the provider says so.

    `profile` is what the customer paid with, as far as the provider tells.
    """

    amount: Money = attrs.field(validator=_more_than_zero)
    expires_at: datetime | None = attrs.field(default=None, kw_only=True, converter=_instant)
    profile: Profile | None = attrs.field(
        default=None, kw_only=True, validator=is_a(Profile, optional=True)
    )


@attrs.frozen
class Captured(_Said):
    """`amount` was taken; `profile` is what the customer paid with, if the provider tells."""

    amount: Money = attrs.field(validator=_more_than_zero)
    profile: Profile | None = attrs.field(
        default=None, kw_only=True, validator=is_a(Profile, optional=True)
    )


@attrs.frozen
class Stored(_Said):
    """The provider keeps the source for later use, under the id of `profile`; no money moved."""

    profile: Profile = attrs.field(validator=_is_profile)


@attrs.frozen
class Voided(_Said):
    """`amount` of what was held is released."""

    amount: Money = attrs.field(validator=_more_than_zero)


@attrs.frozen
class Refunded(_Said):
    """`amount` went back to the customer."""

    amount: Money = attrs.field(validator=_more_than_zero)


@attrs.frozen
class Declined(_Said):
    """Refused; certainly no money moved."""

    failure: Failure = attrs.field(validator=_is_failure)
    ends: Ends = attrs.field(default=Ends.ATTEMPT, converter=_ends)


@attrs.frozen
class Rejected(_Said):
    """Malformed, unauthenticated or unsupported: nothing was tried, a developer must act."""

    failure: Failure = attrs.field(validator=_is_failure)


@attrs.frozen
class Canceled(_Said):
    """The object was closed before any money moved."""


@attrs.frozen
class Expired(_Said):
    """The object's time ran out before any money moved."""


@attrs.frozen
class NotAttempted(_Said):
    """The request certainly never arrived, or the provider certainly never saw it."""

    reason: str = attrs.field(default="", converter=redacted)


@attrs.frozen
class Unknown(_Said):
    """It may have happened. Only evidence settles it; `reason` is redacted text for a person."""

    reason: str = attrs.field(default="", converter=redacted)


@attrs.frozen
class Superseded(_Said):
    """The customer went on with attempt `by`; this one has nothing left to wait for."""

    by: str | None = None


@attrs.frozen
class Bounced(_Said):
    """What had succeeded came undone (a refund that failed days later)."""

    failure: Failure = attrs.field(validator=_is_failure)


@attrs.frozen
class Retaken(_Said):
    """What had failed was taken after all (a capture presented again)."""

    amount: Money = attrs.field(validator=_more_than_zero)


@attrs.frozen
class AuthorizationChanged(_Said):
    """
    `amount` is authorized now, whatever was before: all of it, what was captured included.

    It ends a lapse that is not newer (an authorization that expired and was made anew).
    """

    amount: Money = attrs.field(validator=_is_money)
    expires_at: datetime | None = attrs.field(default=None, kw_only=True, converter=_instant)


@attrs.frozen
class AuthorizationLapsed(_Said):
    """The provider let `amount` of what was authorized go: all that it let go so far."""

    amount: Money = attrs.field(validator=_more_than_zero)


@attrs.frozen
class ReferenceChanged(_Said):
    """
    The provider calls the same object by another id from now on: by the one in `references`.

    `former` is what it was called, in whatever role the new id has.
    """

    former: str = attrs.field(converter=_reference_id)

    @property
    def former_references(self) -> References:
        """The former id, in the role of each that it has now."""
        return References(tuple(attrs.evolve(each, id=self.former) for each in self.references))


@attrs.frozen
class DisputeChanged(_Said):
    """
    A dispute stands at `status`; its money is told by funds facts.

    `status` is a word of `paysession.lifecycles.DisputeStatus`, into which the adapter
    translates the provider's. A word that is none of these is kept and moves nothing.
    `amount` is all that is disputed, and evidence is due until `respond_by`. Which dispute it
    is, its id in `references` tells; without one the word waits for a person.
    """

    status: str = attrs.field(converter=_word)
    amount: Money | None = attrs.field(
        default=None, kw_only=True, validator=is_a(Money, optional=True)
    )
    respond_by: datetime | None = attrs.field(default=None, kw_only=True, converter=_instant)


@attrs.frozen
class FundsWithdrawn(_Said):
    """`amount` was taken from us, all that was so far: by a dispute, or without one."""

    amount: Money = attrs.field(validator=_more_than_zero)


@attrs.frozen
class FundsReinstated(_Said):
    """`amount` of what was withdrawn has come back to us, all that did so far."""

    amount: Money = attrs.field(validator=_more_than_zero)


@attrs.frozen
class Totals(_Said):
    """The provider's running totals: compared with ours, never added to them."""

    captured: Money | None = attrs.field(
        default=None, kw_only=True, validator=is_a(Money, optional=True)
    )
    refunded: Money | None = attrs.field(
        default=None, kw_only=True, validator=is_a(Money, optional=True)
    )


@attrs.frozen
class Unreadable(_Said):
    """
    Money moved, in an amount that its currency cannot hold; `raw` is what the provider wrote.

    It moves no balance and completes nothing: a person must look.
    """

    raw: str = attrs.field(converter=redacted)


Outcome: TypeAlias = (
    Accepted
    | ActionRequired
    | Approved
    | Pending
    | Authorized
    | Captured
    | Stored
    | Voided
    | Refunded
    | Declined
    | Rejected
    | Canceled
    | Expired
    | NotAttempted
    | Unknown
)

Fact: TypeAlias = (
    Outcome
    | Superseded
    | Bounced
    | Retaken
    | AuthorizationChanged
    | AuthorizationLapsed
    | ReferenceChanged
    | DisputeChanged
    | FundsWithdrawn
    | FundsReinstated
    | Totals
    | Unreadable
)


def _is_fact(_: object, field: attrs.Attribute[Fact], fact: object) -> None:
    if type(fact) not in get_args(Fact):
        raise TypeError(f"{field.name} must be a fact, not {type(fact).__name__}")


@attrs.frozen
class Report:
    """
    A provider's own word about one object.

    Attributes:
        fact: What happened.
        our_reference: The operation id that we sent and the provider echoes, if it does. In
            a look-up's answer a report without one proves nothing, not even absence.
        references: The provider's ids of the object, by which it is found otherwise.
        id: The provider's id of this report, if it has one.
        attempt: The provider's id of the customer's attempt, where it tells them apart: one of
            those that the attempt's own answers and reports have named.
    """

    fact: Fact = attrs.field(validator=_is_fact)
    our_reference: str | None = attrs.field(default=None, kw_only=True, converter=_optional_id)
    references: References = attrs.field(
        default=NO_REFERENCES,
        kw_only=True,
        validator=is_a(References),
    )
    id: str | None = attrs.field(default=None, kw_only=True, converter=_optional_id)
    attempt: str | None = attrs.field(default=None, kw_only=True, converter=_optional_id)

    @property
    def told(self) -> Fact:
        """The fact, with all the ids that the report names."""
        return attrs.evolve(self.fact, references=self.fact.references | self.references)


def as_evidence(fact: Fact) -> Fact:
    """
    Return a fact as it is kept.

    Of what is the customer's browser's a fingerprint stays, of a profile its id.
    """
    match fact:
        case Accepted(client_data=None, next_action=None) | Authorized(profile=None):
            return fact
        case Accepted(client_data=data, next_action=action):
            return attrs.evolve(
                fact,
                client_data=data and data.fingerprint,
                next_action=action and _without_data(action),
            )
        case ActionRequired(action, client_data=data):
            return attrs.evolve(
                fact, next_action=_without_data(action), client_data=data and data.fingerprint
            )
        case Authorized(profile=Profile() as told) | Captured(profile=Profile() as told):
            return attrs.evolve(fact, profile=told.bare)
        case Stored(told):
            return attrs.evolve(fact, profile=told.bare)
        case _:
            return fact


def _without_data(action: NextAction) -> NextAction:
    match action:
        case Redirect(url, fields=fields):
            return attrs.evolve(action, url=url.fingerprint, fields=fields and fields.fingerprint)
        case UseSdk(data):
            return UseSdk(data.fingerprint)
        case ShowCode(code):
            return attrs.evolve(action, code=code.fingerprint)
        case WaitForTransfer(instructions):
            return WaitForTransfer(instructions.fingerprint)
        case _:
            assert_never(action)
