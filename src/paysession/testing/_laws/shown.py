"""Values as somebody reads them who looks for a fault: without what says nothing."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, cast

import attrs

from paysession._domain.limits import redacted
from paysession._money import Money
from paysession.outcomes import References

_LONGEST = 300


def shown(value: object) -> str:
    """
    Write a value in one line: of a frozen class only the fields that differ from its defaults.

        >>> from paysession.outcomes import Captured
        >>> shown(Captured(Money("5", "EUR"), references=References.of(capture="cap_1")))
        "Captured(5.00 EUR, references=capture 'cap_1')"

    What is secret is masked by its own class; in what an adapter raises, and in objects of its
    own, what looks like a secret or a card number is. What is long is cut.
    """
    text = _shown(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _shown(value: object) -> str:
    match value:
        case Money():
            return str(value)
        case References():
            return ", ".join(f"{each.role} {each.id!r}" for each in value) or "none"
        case tuple() | list():
            items = ", ".join(map(_shown, cast("list[object]", value)))
            return f"({items})" if isinstance(value, tuple) else f"[{items}]"
        case type():
            return value.__name__
        case Enum():
            return str(value.value)
        case datetime():
            return value.isoformat()
        case BaseException():
            return redacted(f"{type(value).__name__}: {value}")
        case _ if attrs.has(type(value)):
            return f"{type(value).__name__}({', '.join(_told_fields(value))})"
        case str() | int() | float():
            return repr(value)
        case _:
            return redacted(repr(value))


def _told_fields(value: Any) -> list[str]:  # noqa: ANN401 - of whatever attrs class it is
    """Name each field that tells something; those that go by their place stand without names."""
    known = cast("type[attrs.AttrsInstance]", type(value))
    fields: list[attrs.Attribute[Any]] = [each for each in attrs.fields(known) if each.repr]
    return [
        f"{each.name}={_shown(told)}" if each.kw_only else _shown(told)
        for each in sorted(fields, key=lambda field: field.kw_only)
        if (told := getattr(value, each.name)) != each.default
    ]
