"""
How values become plain data and back: strictly, by cattrs.

Plain data is text, integers, booleans, nulls, lists and mappings. Nothing is coerced on the
way back, every key must be there and none besides, and a value that may be of several
classes carries the name of its own under `type`. Client data alone stays as it is, masked,
for `records` to seal; its fingerprints are text.

The converter is built once per process, and what it needs for a class when that is first met.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import GenericAlias, NoneType, UnionType
from typing import Any, Final, TypeVar, cast, get_args, get_origin

import attrs
from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from paysession import events
from paysession._domain.entities import Entity
from paysession._domain.limits import Metadata
from paysession._domain.secrets import ClientData
from paysession._money import Money
from paysession.errors import LimitExceeded, MoneyError, UnknownCurrency, UnsafeInput

__all__ = ["Refused", "dump", "expect", "expect_keys", "load", "refusal_of"]

TAG: Final = "type"
"""The key that names the class of a value, where there may be several."""

_ABOUT_THE_NEXT_COMMIT: Final[Mapping[str, object]] = {"news": (), "changed": False}
_MONEY: Final = frozenset({"minor", "currency"})

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class Refused(Exception):
    """
    Data that is not what it must be: where, and why, but never the value.

    Attributes:
        reason: What is wrong with it.
        at: The keys and places that lead there.
    """

    def __init__(self, reason: str, *at: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at


def refusal_of(error: Exception) -> tuple[tuple[str, ...], str]:
    """Tell where loading failed and why, of all that may be raised by it."""
    match error:
        case BaseValidationError():
            cause = error.exceptions[0]
            at, reason = refusal_of(cause)
            return (*_steps(cause), *at), reason
        case Refused():
            return error.at, error.reason
        case UnsafeInput() | LimitExceeded():  # their messages repeat no value
            return (), str(error)
        case MoneyError():
            return (), "it is an amount that cannot be"
        case _:
            return (), "it cannot be what it is said to be"


def _steps(error: Exception) -> tuple[str, ...]:
    """The name or the place that cattrs noted, if the error has one of its own."""
    note = next(iter(getattr(error, "__notes__", ())), None)
    step = getattr(note, "name", getattr(note, "index", None))
    return () if step is None else (str(step),)


def expect(value: object, kind: type[T], *at: str) -> T:
    """
    Return the value, which must be of this very type.

    Raises:
        Refused: It is of another.
    """
    if type(value) is not kind:
        raise Refused(f"it must be {kind.__name__}, not {type(value).__name__}", *at)
    return value


def expect_keys(value: object, keys: Collection[str], *at: str) -> dict[str, object]:
    """
    Return the mapping, which must have these keys and none besides.

    Raises:
        Refused: It is no mapping, or has others; which others is not repeated.
    """
    mapping = cast("dict[str, object]", expect(value, dict, *at))
    if mapping.keys() != keys:
        missing = min((key for key in keys if key not in mapping), default=None)
        if missing is not None:
            raise Refused("it is missing", *at, missing)
        raise Refused("it has a key that is not known here", *at)
    return mapping


def _no_place(value: object) -> TypeError:
    return TypeError(f"{type(value).__name__} has no place there in a record")


def _dump_text(value: object) -> str:
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)  # an enum would stay one in plain data
    raise _no_place(value)


def _load_text(value: object, _: object) -> str:
    return expect(value, str)


def _dump_integer(value: object) -> int:
    if type(value) is not int:
        raise _no_place(value)
    return value


def _load_integer(value: object, _: object) -> int:
    return expect(value, int)


def _dump_boolean(value: object) -> bool:
    if type(value) is not bool:
        raise _no_place(value)
    return value


def _load_boolean(value: object, _: object) -> bool:
    return expect(value, bool)


def _load_enum(value: object, kind: type[E]) -> E:
    text = expect(value, str)
    try:
        return kind(text)
    except ValueError:
        raise Refused(f"it is no {kind.__name__}") from None


def _dump_instant(value: object) -> str:
    if not isinstance(value, datetime):
        raise _no_place(value)
    if value.utcoffset() is None:
        raise TypeError("a datetime without a time zone has no place in a record")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _load_instant(value: object, _: object) -> datetime:
    text = expect(value, str)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("it is no instant of ISO 8601") from None
    if instant.tzinfo is not UTC or instant.isoformat(timespec="microseconds") != text:
        raise Refused("it is not in UTC with microseconds, as 2026-03-01T12:00:00.000000+00:00")
    return instant


def _dump_money(value: object) -> dict[str, object]:
    if type(value) is not Money:
        raise _no_place(value)
    return {"minor": value.minor, "currency": value.currency.code}


def _load_money(value: object, _: object) -> Money:
    parts = expect_keys(value, _MONEY)
    minor, code = expect(parts["minor"], int, "minor"), expect(parts["currency"], str, "currency")
    try:
        return Money.from_minor(minor, code)
    except UnknownCurrency:
        raise Refused("it is no currency of ISO 4217", "currency") from None
    except MoneyError:
        raise Refused("it is beyond 10**18 minor units", "minor") from None


def _dump_metadata(value: object) -> dict[str, str]:
    if not isinstance(value, Metadata):
        raise _no_place(value)
    return dict(value)


def _load_metadata(value: object, _: object) -> Metadata:
    entries = cast("dict[object, object]", expect(value, dict))
    for key, text in entries.items():
        expect(key, str)
        expect(text, str)
    return Metadata.restored(cast("dict[str, str]", entries))


def _dump_client_data(value: object) -> object:
    if not isinstance(value, ClientData):
        raise _no_place(value)
    return value.reveal() if value.is_fingerprint else value


def _load_client_data(value: object, _: object) -> ClientData:
    if isinstance(value, ClientData):
        return value
    return ClientData.restored(expect(value, str))


def _dump_answer(value: object) -> Entity:
    if not isinstance(value, Entity):
        raise _no_place(value)
    return value


def _load_answer(value: object, _: object) -> Entity:
    if not isinstance(value, Entity):
        raise Refused("it must be a record of an entity")
    return value


def _is_tuple(kind: object) -> bool:
    return get_origin(kind) is tuple


def _dumping_tuple(kind: GenericAlias, converter: Converter) -> Callable[[object], list[object]]:
    dump_item = converter.get_unstructure_hook(get_args(kind)[0])

    def dump_all(value: object) -> list[object]:
        if type(value) is not tuple:
            raise _no_place(value)
        return [dump_item(item) for item in cast("tuple[object, ...]", value)]

    return dump_all


def _loading_tuple(
    kind: GenericAlias, converter: Converter
) -> Callable[[object, object], tuple[Any, ...]]:
    items = GenericAlias(list, get_args(kind)[:1])
    load_items = converter.get_structure_hook(items)

    def load_all(value: object, _: object) -> tuple[Any, ...]:
        return tuple(load_items(expect(value, list), items))

    return load_all


def _is_class_of_ours(kind: object) -> bool:
    return isinstance(kind, type) and attrs.has(kind)


def _dumping_class(kind: type, converter: Converter) -> Callable[[object], dict[str, object]]:
    left_out: dict[str, Any] = {name: override(omit=True) for name in _ABOUT_THE_NEXT_COMMIT}
    dump_fields: Callable[[Any], dict[str, object]] = make_dict_unstructure_fn(
        kind, converter, **left_out
    )

    def dump_value(value: object) -> dict[str, object]:
        if type(value) is not kind:
            raise _no_place(value)
        return dump_fields(value)

    return dump_value


def _loading_class(kind: type, converter: Converter) -> Callable[[object, object], object]:
    names = [field.name for field in attrs.fields(cast("type[attrs.AttrsInstance]", kind))]
    stored = frozenset(names) - _ABOUT_THE_NEXT_COMMIT.keys()
    as_committed = {name: _ABOUT_THE_NEXT_COMMIT[name] for name in names if name not in stored}
    passed_on: dict[str, Any] = {
        name: override(struct_hook=lambda value, _: value) for name in as_committed
    }
    load_fields = cast(
        "Callable[[Any, type], object]", make_dict_structure_fn(kind, converter, **passed_on)
    )

    def load_value(value: object, _: object) -> object:
        fields = expect_keys(value, stored)
        return load_fields({**fields, **as_committed} if as_committed else fields, kind)

    return load_value


def _classes_in(union: object) -> tuple[type, ...]:
    return tuple(each for each in get_args(union) if each is not NoneType)


def _is_one_of_several(kind: object) -> bool:
    classes = _classes_in(kind) if isinstance(kind, UnionType) else ()
    return len(classes) > 1 and all(map(attrs.has, classes))


def _tag_of(kind: type) -> str:
    return re.sub("(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def _dumping_one_of(classes: Collection[type], converter: Converter) -> Callable[[object], object]:
    tags = {kind: _tag_of(kind) for kind in classes}

    def dump_tagged(value: object) -> object:
        tag = tags.get(type(value))
        if tag is None:
            raise _no_place(value)
        return {TAG: tag, **converter.unstructure(value)}

    return dump_tagged


def _loading_one_of(
    classes: Collection[type], converter: Converter
) -> Callable[[object, object], object]:
    by_tag = {_tag_of(kind): kind for kind in classes}

    def load_tagged(value: object, _: object) -> object:
        fields = dict(cast("dict[str, object]", expect(value, dict)))
        kind = by_tag.get(expect(fields.pop(TAG, None), str, TAG))
        if kind is None:
            raise Refused("it is none of the types that can be here", TAG)
        return cast("object", converter.structure(fields, kind))

    return load_tagged


def _dumping_union(union: UnionType, converter: Converter) -> Callable[[object], object]:
    dump_tagged = _dumping_one_of(_classes_in(union), converter)
    if NoneType not in get_args(union):
        return dump_tagged
    return lambda value: None if value is None else dump_tagged(value)


def _loading_union(union: UnionType, converter: Converter) -> Callable[[object, object], object]:
    load_tagged = _loading_one_of(_classes_in(union), converter)
    if NoneType not in get_args(union):
        return load_tagged
    return lambda value, kind: None if value is None else load_tagged(value, kind)


def _every_event() -> tuple[type, ...]:
    """The events that can happen: those that no other is a kind of."""
    known = [getattr(events, name) for name in events.__all__]
    return tuple(each for each in known if not any(each in other.__bases__ for other in known))


def _is_any_event(kind: object) -> bool:
    return kind is events.Event


def _is_any_entity(kind: object) -> bool:
    return kind is Entity


_HOOKS: Final[tuple[tuple[type, Any, Any], ...]] = (
    (str, _dump_text, _load_text),
    (int, _dump_integer, _load_integer),
    (bool, _dump_boolean, _load_boolean),
    (StrEnum, _dump_text, _load_enum),
    (datetime, _dump_instant, _load_instant),
    (Money, _dump_money, _load_money),
    (Metadata, _dump_metadata, _load_metadata),
    (ClientData, _dump_client_data, _load_client_data),
)


def _built() -> Converter:
    converter = Converter(detailed_validation=True)
    converter.register_unstructure_hook_factory(_is_class_of_ours, _dumping_class)
    converter.register_structure_hook_factory(_is_class_of_ours, _loading_class)
    converter.register_unstructure_hook_factory(_is_tuple, _dumping_tuple)
    converter.register_structure_hook_factory(_is_tuple, _loading_tuple)
    converter.register_unstructure_hook_factory(_is_one_of_several, _dumping_union)
    converter.register_structure_hook_factory(_is_one_of_several, _loading_union)
    for kind, dump_value, load_value in _HOOKS:
        converter.register_unstructure_hook(kind, dump_value)
        converter.register_structure_hook(kind, load_value)
    dump_event = _dumping_one_of(_every_event(), converter)
    load_event = _loading_one_of(_every_event(), converter)
    converter.register_unstructure_hook_func(_is_any_event, dump_event)
    converter.register_structure_hook_func(_is_any_event, load_event)
    converter.register_unstructure_hook_func(_is_any_entity, _dump_answer)
    converter.register_structure_hook_func(_is_any_entity, _load_answer)
    return converter


_CONVERTER: Final = _built()


def dump(value: object) -> dict[str, object]:
    """
    Return an entity, an event or a claim as plain data, but for client data and answers.

    Raises:
        TypeError: Something in it has no place in a record.
    """
    return cast("dict[str, object]", _CONVERTER.unstructure(value))


def load(fields: object, kind: type[T]) -> T:
    """
    Return what was dumped.

    Raises:
        Exception: Anything; `refusal_of` tells where and why.
    """
    return _CONVERTER.structure(fields, kind)
