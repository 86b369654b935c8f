"""Entities as they are looked for: by what is due, by who must look, by an index."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, TypeVar, cast

import attrs

from paysession._domain.discrepancies import Discrepancy, DiscrepancyKind
from paysession._domain.entities import Entity
from paysession.outcomes import References
from paysession.stores.port import INDEXES, KINDS
from paysession.testing._stores.subjects import at, example, in_brief

E = TypeVar("E", bound=Entity)

DUE_KINDS: Final = tuple(kind for kind in KINDS if kind.due_at is not Entity.due_at)
"""What recovery or expiry may have to look at again."""

PERSONS_KINDS: Final = tuple(kind for kind in KINDS if kind.attention is not Entity.attention)
"""What a person may have to look at."""


def due_example(kind: type[E], name: str, due_at: datetime) -> E:
    """Return an entity that is due at an instant."""
    if "recheck_at" in attrs.fields_dict(kind):
        return in_brief(example(kind, name, recheck_at=due_at))
    one = cast("Any", example(kind, name))
    terms, status = attrs.evolve(one.terms, expires_at=due_at), type(one.status)("pending")
    return cast("E", attrs.evolve(one, status=status, not_before=None, terms=terms))


def persons_example(kind: type[E], name: str, **fields: Any) -> E:  # noqa: ANN401 - as declared
    """Return an entity that a person must look at."""
    if "waits_for_person" in attrs.fields_dict(kind):
        return in_brief(example(kind, name, waits_for_person="nobody knows", **fields))
    foreign = Discrepancy(
        kind=DiscrepancyKind.FOREIGN_REFERENCE,
        operation_id="op_1",
        expected="a reference of ours",
        actual="another's",
        opened_at=at(1),
    )
    return in_brief(example(kind, name, discrepancies=(foreign,), **fields))


def found_by(entity: E, by: str, value: str | None) -> E:
    """Return an entity with another value in one of the attributes that it is found by."""
    fields: dict[str, Any] = {by: value}
    if by == "external_id":
        fields = {"references": References.of(session=value)}
    elif by not in attrs.fields_dict(type(entity)):
        fields = {"terms": attrs.evolve(cast("Any", entity).terms, **fields)}
    return attrs.evolve(entity, **fields)


def indexes_of(entity: Entity) -> dict[str, str]:
    """Return what an entity is found by: each attribute that has a value, and that."""
    values = {by: getattr(entity, by) for by in INDEXES.get(type(entity), ())}
    return {by: value for by, value in values.items() if value is not None}
