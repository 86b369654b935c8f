"""
Entities, events and claims as plain data, ready for JSON, and back.

A store on a database keeps *records*. `Records` makes them of what a commit writes, and reads
them back exactly as they were:

    >>> from datetime import UTC, datetime
    >>> from paysession import Money, Payable, PayableAccount
    >>> at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> order = Payable("or_1", total=Money("110.00", "USD"))
    >>> def turned_round(text: str) -> str:  # yours encrypts
    ...     return text[::-1]
    >>> account = PayableAccount.opened(order, tenant="", at=at).committed()

    >>> records = Records(seal=turned_round, unseal=turned_round)
    >>> record = records.dump(account)
    >>> record["kind"], record["schema"], list(record["fields"])[:5]
    ('payable_account', 1, ['id', 'tenant', 'version', 'created_at', 'updated_at'])
    >>> record["fields"]["created_at"], record["fields"]["total"]
    ('2026-03-01T12:00:00.000000+00:00', {'minor': 11000, 'currency': 'USD'})
    >>> records.load(record) == account
    True

A record is a mapping of four keys, made of text, integers, booleans, nulls, lists and mappings
alone, so that `json.dumps` and `json.loads` give it back unchanged:

`kind`
    What it is a record of: a kind of `KINDS`, or `event`, or `claim`.
`schema`
    Which form the fields have. It is 1 until the fields of a kind change.
`fields`
    The fields of the class, in its order. Instants are ISO 8601 in UTC with microseconds. An
    amount is its count of minor units, which is exact, fits a signed 64-bit column and can be
    summed by a database, beside its currency. A value that may be of several classes names its
    own under `type`. What is about the next commit (news, whether it changed) is not stored.
`client_data`
    Only there (and not null) if there is any: all that belongs to the customer's browser (a
    client secret, a redirect address, what it brought back), sealed by your `seal` as one
    text. The fields hold nothing of it, and at most its fingerprint, as evidence.

`seal` and `unseal` are yours, since the key is: pass authenticated encryption, such as Fernet
of the package `cryptography`. What is sealed names its record and version, so that the client
data of one customer cannot be moved into another's record.

A store keeps the record beside what it looks by: kind, tenant, id and version, `due_at`,
`attention` and the attributes in `INDEXES`, all read from the entity when it is committed.

Nothing is coerced when a record is read: 3.9 is not 3, "1" is not 1, and a key too many or too
few is refused. All that cannot be read is one `RecordError`, with the path to it and the
reason, and never with the value:

    >>> record["fields"]["total"]["minor"] = "11000"
    >>> records.load(record)
    Traceback (most recent call last):
        ...
    paysession.errors.RecordError: the record cannot be read at payable_account.total.minor: it must be int, not str

**When a class changes**, records of the old form are read by an *upcaster*, a function from the
fields of one schema to those of the next. Add it to `UPCASTERS` under the kind and the schema
that it leads from; that makes the next schema the current one. Say that version 2 of a payment
calls `metadata` its `notes`:

    def _notes(fields: dict[str, object]) -> dict[str, object]:
        return {"notes" if key == "metadata" else key: value for key, value in fields.items()}

    UPCASTERS = MappingProxyType({("payment", 1): _notes})

A field that is new gets its value there as well, since a key that is missing is refused
whatever default its class has. What several kinds hold, such as balances, needs an upcaster for
each of them.

An upcaster is given a copy, with the client data in its places and masked, so that it can be
moved and not be seen. It is never changed again, and neither are the golden files of the
schema that it leads from: a test reads them for ever.
"""  # noqa: E501

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar, cast

from paysession._domain.entities import Entity
from paysession._domain.secrets import ClientData, JSONValue
from paysession.errors import RecordError
from paysession.stores import _plain
from paysession.stores._plain import Refused, expect
from paysession.stores.port import KINDS, AnyKind, Claim, RecordedEvent

__all__ = ["UPCASTERS", "Records", "Upcaster"]

Upcaster: TypeAlias = Callable[[dict[str, object]], dict[str, object]]
"""Turns the fields of one schema into those of the next; it may change what it is given."""

UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = MappingProxyType({})
"""By kind and schema, what leads from that schema to the next."""

_ENTITIES: Final[Mapping[str, AnyKind]] = {name: kind for kind, name in KINDS.items()}
_EVENTS: Final[Mapping[str, type[RecordedEvent]]] = {"event": RecordedEvent}
_CLAIMS: Final[Mapping[str, type[Claim]]] = {"claim": Claim}
_KINDS: Final = frozenset((*_ENTITIES, *_EVENTS, *_CLAIMS))
_WITHOUT_CLIENT_DATA: Final = frozenset({"kind", "schema", "fields"})

T = TypeVar("T")


class Records:
    """
    Turns entities, events and claims into records, and back.

    It keeps nothing, and serves every thread. What it makes and what it reads is told on top
    of this module.

    Args:
        seal: Encrypts text, so that only `unseal` reads it and notices every change. What it
            raises, the dumping methods raise.
        unseal: Gives back what was sealed, or raises.
        upcasters: More ways from older schemas, by kind and schema, beside `UPCASTERS`: for
            records that you wrote yourself, before paysession did.

    Raises:
        TypeError: An upcaster leads from a schema that is current, or from no kind of record.
    """

    def __init__(
        self,
        *,
        seal: Callable[[str], str],
        unseal: Callable[[str], str],
        upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
    ) -> None:
        for kind, schema in upcasters:
            if kind not in _KINDS or schema >= _current_schema(kind):
                raise TypeError(f"no upcaster can lead from schema {schema} of {kind}")
        self._seal = seal
        self._unseal = unseal
        self._upcasters = {**UPCASTERS, **upcasters}

    def dump(self, entity: Entity) -> dict[str, JSONValue]:
        """
        Return the record of an entity.

        Raises:
            TypeError: It is no entity of `KINDS`, or something in it has no place in a record.
        """
        kind = KINDS.get(type(entity))
        if kind is None:
            raise TypeError(f"only an entity of KINDS can be dumped, not {type(entity).__name__}")
        return self._record(kind, _plain.dump(entity))

    def load(self, record: object) -> Entity:
        """
        Return the entity of a record, as it was committed: without news, and not changed.

        Raises:
            RecordError: It is not the record of an entity, or it is damaged, or its client
                data cannot be unsealed, or it is of a newer schema.
        """
        entity = self._read(record, _ENTITIES)
        if isinstance(entity, RecordError):
            del record  # or a traceback with local variables would show it
            raise entity
        return entity

    def dump_event(self, event: RecordedEvent) -> dict[str, JSONValue]:
        """
        Return the record of an event, which is plain enough to be published.

        Raises:
            TypeError: It is no `RecordedEvent`, or something in it has no place in a record.
        """
        if type(event) is not RecordedEvent:
            raise TypeError(f"only a RecordedEvent can be dumped, not {type(event).__name__}")
        return self._record("event", _plain.dump(event))

    def load_event(self, record: object) -> RecordedEvent:
        """
        Return the event of a record.

        Raises:
            RecordError: It is not the record of an event, or it is damaged or of a newer schema.
        """
        event = self._read(record, _EVENTS)
        if isinstance(event, RecordError):
            del record
            raise event
        return event

    def dump_claim(self, claim: Claim) -> dict[str, JSONValue]:
        """
        Return the record of a claim; in it, an answer is a record of its own.

        Raises:
            TypeError: It is no `Claim`, or something in it has no place in a record.
        """
        if type(claim) is not Claim:
            raise TypeError(f"only a Claim can be dumped, not {type(claim).__name__}")
        fields = _plain.dump(claim)
        answer = fields.get("answer")
        if isinstance(answer, Entity):
            fields["answer"] = self.dump(answer)
        return self._record("claim", fields)

    def load_claim(self, record: object) -> Claim:
        """
        Return the claim of a record.

        Raises:
            RecordError: As `load`.
        """
        claim = self._read(record, _CLAIMS)
        if isinstance(claim, RecordError):
            del record
            raise claim
        return claim

    def _record(self, kind: str, fields: dict[str, object]) -> dict[str, JSONValue]:
        record: dict[str, object] = {
            "kind": kind,
            "schema": _current_schema(kind),
            "fields": fields,
        }
        held: dict[str, ClientData] = {}
        _take_out(fields, (), held)
        if held:
            sealed = self._seal(_sealable(kind, fields, held))
            if type(sealed) is not str:
                raise TypeError(f"seal must return str, not {type(sealed).__name__}")
            record["client_data"] = sealed
        return cast("dict[str, JSONValue]", record)

    def _read(self, record: object, kinds: Mapping[str, type[T]]) -> T | RecordError:
        """Return what a record holds, or the error; raised here, it would have a context."""
        path: tuple[str, ...] = ()
        try:
            kind = _kind_of(record, kinds)
            path = (kind,)
            return _plain.load(self._fields(kind, cast("dict[str, object]", record)), kinds[kind])
        except Exception as error:  # noqa: BLE001 - any damage is one error
            at, reason = _plain.refusal_of(error)
            return RecordError(".".join((*path, *at)) or "record", reason)

    def _fields(self, kind: str, record: dict[str, object]) -> dict[str, object]:
        """The fields in their current form, with client data in its places."""
        _plain.expect_keys(record, _WITHOUT_CLIENT_DATA | (record.keys() & {"client_data"}))
        schema = expect(record["schema"], int, "schema")
        fields = cast("dict[str, object]", expect(record["fields"], dict, "fields"))
        sealed = record.get("client_data")
        if sealed is not None:
            fields = self._opened(kind, fields, expect(sealed, str, "client_data"))
        fields = self._upcasted(kind, schema, fields)
        return self._with_answer(fields) if kind in _CLAIMS else fields

    def _opened(self, kind: str, fields: dict[str, object], sealed: str) -> dict[str, object]:
        opened: object = fields
        try:
            for path, value in _values_for(_name_of(kind, fields), self._unseal(sealed)):
                opened = _put_back(opened, path.split("."), ClientData(value))
        except Exception:  # noqa: BLE001 - whatever it is, it may hold what was sealed
            raise Refused("it cannot be unsealed for this record", "client_data") from None
        return cast("dict[str, object]", opened)

    def _upcasted(self, kind: str, schema: int, fields: dict[str, object]) -> dict[str, object]:
        current = _current_schema(kind)
        if schema > current:
            raise Refused(f"it is newer than {current}: upgrade paysession", "schema")
        for step in range(schema, current):
            upcaster = self._upcasters.get((kind, step))
            if upcaster is None:
                raise Refused(f"no upcaster leads from it to {current}: add one", "schema")
            try:
                fields = upcaster(cast("dict[str, object]", _copied(fields)))
            except Exception as error:  # noqa: BLE001 - it may hold what it was given
                name = type(error).__name__
                raise Refused(f"the upcaster from {step} raised {name}", "schema") from None
        return fields

    def _with_answer(self, fields: dict[str, object]) -> dict[str, object]:
        """A claim's fields with the entity of its answer, which is a record of its own."""
        if fields.get("answer") is None:
            return fields
        answer = self._read(fields["answer"], _ENTITIES)
        if isinstance(answer, RecordError):
            raise Refused(answer.reason, "answer", answer.path)
        return {**fields, "answer": answer}


def _current_schema(kind: str, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS) -> int:
    return 1 + max((schema for each, schema in upcasters if each == kind), default=0)


def _kind_of(record: object, kinds: Mapping[str, object]) -> str:
    mapping = cast("dict[str, object]", expect(record, dict))
    kind = expect(mapping.get("kind", ""), str, "kind")
    if kind not in kinds:
        raise Refused(f"it is none of {', '.join(kinds)}", "kind")
    return kind


def _name_of(kind: str, fields: Mapping[str, object]) -> list[object]:
    """What client data is sealed for: one version of one record."""
    return [kind, *(fields.get(key) for key in ("tenant", "id", "version"))]


def _sealable(kind: str, fields: Mapping[str, object], held: Mapping[str, ClientData]) -> str:
    values = {path: data.reveal() for path, data in held.items()}
    return json.dumps({"of": _name_of(kind, fields), "client_data": values}, ensure_ascii=False)


def _values_for(name: list[object], opened: str) -> Iterable[tuple[str, str]]:
    """The client data by its places, which must have been sealed under that name."""
    content = json.loads(opened)
    if content["of"] != name:
        raise KeyError
    return cast("dict[str, str]", content["client_data"]).items()


def _take_out(node: object, path: tuple[str, ...], held: dict[str, ClientData]) -> None:
    """Move all client data out of plain data, to where it is held by the way that led to it."""
    if isinstance(node, list):
        for index, item in enumerate(cast("list[object]", node)):
            if isinstance(item, dict):
                _take_out(cast("object", item), (*path, str(index)), held)
        return
    fields = cast("dict[str, object]", node)
    for key, value in fields.items():
        if isinstance(value, dict | list):
            _take_out(cast("object", value), (*path, key), held)
        elif isinstance(value, ClientData):
            held[".".join((*path, key))] = value
    for key in [key for key, value in fields.items() if isinstance(value, ClientData)]:
        del fields[key]


def _put_back(node: object, steps: list[str], data: ClientData) -> object:
    """Return plain data with client data in the place that the steps lead to, which is free."""
    step, *rest = steps
    if isinstance(node, list):
        items, index = cast("list[object]", node), int(step)
        return [*items[:index], _put_back(items[index], rest, data), *items[index + 1 :]]
    fields = cast("dict[str, object]", expect(node, dict))
    if rest:
        return {**fields, step: _put_back(fields[step], rest, data)}
    if step in fields:
        raise Refused("it is taken")
    return {**fields, step: data}


def _copied(node: object) -> object:
    match node:
        case dict():
            fields = cast("dict[str, object]", node)
            return {key: _copied(value) for key, value in fields.items()}
        case list():
            return [_copied(item) for item in cast("list[object]", node)]
        case _:
            return node
