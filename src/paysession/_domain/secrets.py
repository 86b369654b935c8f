"""
Two kinds of values that must not be seen by chance.

`Secret` holds what belongs to the merchant (API keys, webhook keys, raw provider bodies)
and never leaves by any channel. `ClientData` holds what belongs to one customer's browser
(a client secret, a redirect address): it is stored sealed, and leaves by `reveal()` only.

Both keep the value in a closure, where `vars`, `attrs.asdict`, `pprint`, `json`, `pickle`
and a traceback with its local variables do not find it. Python cannot wipe memory: this
guards against accidents, not against code that looks for the value.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Final, NoReturn, Self, TypeAlias, TypeVar, cast, final

from paysession.errors import UnsafeInput

__all__ = ["ClientData", "JSONValue", "Secret"]

JSONValue: TypeAlias = "bool | int | float | str | list[JSONValue] | dict[str, JSONValue] | None"

MOST_LEVELS: Final = 10
MOST_BYTES: Final = 64 * 1024
MOST_INTEGER_BITS: Final = 64

_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_FINGERPRINT: Final = re.compile("sha256:[0-9a-f]{64}")

_T = TypeVar("_T")


class Masked:
    """A value behind a mask: it is copied to itself, and never printed or pickled."""

    __slots__ = ("_held",)

    _held: Callable[[], str]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be pickled: pass it on by other means")


@final
class Secret(Masked):
    """
    A merchant's secret: an API key, a webhook key, a raw provider body.

        >>> key = Secret("sk_live_51H8")
        >>> key
        Secret(***)
        >>> key.reveal()
        'sk_live_51H8'

    Two secrets are compared in constant time; a secret has no hash.

    Raises:
        TypeError: If the value is not text.
    """

    __slots__ = ()

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # as in the standard library

    def __init__(self, value: str) -> None:
        wrong_kind = _kind_unless(value, str)
        if wrong_kind is not None:
            del value  # or a traceback with local variables would show it
            raise TypeError(f"a secret must be a str, not {wrong_kind}")
        self._held = _holding(value)

    def reveal(self) -> str:
        """Return the value itself: hand it to the one who needs it, and keep it nowhere."""
        return self._held()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_octets(self), _octets(other))


@final
class ClientData(Masked):
    """
    What one customer's browser must have, such as a client secret or a redirect address.

        >>> data = ClientData({"client_secret": "pi_1_secret_2"})
        >>> data
        ClientData(***)
        >>> data.reveal()
        {'client_secret': 'pi_1_secret_2'}

    Aggregates hold it and are compared, so it has equality, and one hash for all values.
    What is kept as evidence holds its fingerprint in its place, which is no secret and knows
    what it is.

    Args:
        value: Text, or JSON-ready values by name; at most ten levels deep, and 64 KiB as JSON.
        field: What errors call it.

    Raises:
        TypeError: If it is neither text nor a mapping.
        UnsafeInput: If it is too big, too deep, or holds what JSON or a database cannot.
    """

    __slots__ = ("_is_fingerprint",)

    _is_fingerprint: bool

    def __init__(self, value: str | Mapping[str, object], *, field: str = "client_data") -> None:
        wrong_kind = _kind_unless(value, str, Mapping)
        if wrong_kind is not None:
            del value  # or a traceback with local variables would show it
            raise TypeError(f"{field} must be a str or a mapping, not {wrong_kind}")
        reason = _refusal(value)
        if reason is not None:
            del value
            raise UnsafeInput(field, reason)
        self._held = _holding(_json_text(value))
        self._is_fingerprint = False

    @classmethod
    def restored(cls, fingerprint: str) -> ClientData:
        """
        Take a fingerprint back from a record.

        Raises:
            UnsafeInput: If it is none.
        """
        if not _FINGERPRINT.fullmatch(fingerprint):
            del fingerprint  # it may be what must be sealed
            raise UnsafeInput("fingerprint", "it is not sha256: and 64 hexadecimal digits")
        restored = cls(fingerprint)
        restored._is_fingerprint = True
        return restored

    def reveal(self) -> str | dict[str, JSONValue]:
        """Return a fresh copy of the value, for the customer's browser and nobody else."""
        return cast("str | dict[str, JSONValue]", json.loads(self._held()))

    @property
    def fingerprint(self) -> ClientData:
        """What tells two values apart without telling either; that of a fingerprint is itself."""
        if self._is_fingerprint:
            return self
        return ClientData.restored("sha256:" + hashlib.sha256(self._held().encode()).hexdigest())

    @property
    def is_fingerprint(self) -> bool:
        """Whether it only tells a value apart, and is no secret."""
        return self._is_fingerprint

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClientData):
            return NotImplemented
        is_alike = self._is_fingerprint == other._is_fingerprint
        return is_alike and self._held() == other._held()

    def __hash__(self) -> int:
        return hash(ClientData)


@final
class Veiled(Masked, Mapping[str, object]):
    """
    A mapping that a caller passed and nobody has looked at yet, behind a mask.

    It is what it was to whoever reads it, but the local variables of a traceback show no
    more than that it is there.

    Args:
        value: What the caller passed.
        field: What errors call it.

    Raises:
        TypeError: If it is no mapping.
    """

    __slots__ = ("_mapping",)

    def __init__(self, value: object, *, field: str) -> None:
        wrong_kind = _kind_unless(value, Mapping)
        if wrong_kind is not None:
            del value  # or a traceback with local variables would show it
            raise TypeError(f"{field} must be Mapping, not {wrong_kind}")
        self._mapping = _holding(cast("Mapping[str, object]", value))

    def __getitem__(self, key: str) -> object:
        return self._mapping()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._mapping())

    def __len__(self) -> int:
        return len(self._mapping())


def _kind_unless(value: object, *kinds: type) -> str | None:
    """Name the type of `value`, unless it is of one of `kinds`."""
    return None if isinstance(value, kinds) else type(value).__name__


def _holding(value: _T) -> Callable[[], _T]:
    return lambda: value


def _octets(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")


def _json_text(value: object) -> str:
    # Sorted, because two mappings in another order are equal.
    return json.dumps(value, default=dict, ensure_ascii=False, sort_keys=True, allow_nan=False)


def _refusal(value: object) -> str | None:
    """
    Why `value` cannot be kept, or None.

    It returns the reason instead of raising it, because the frames of a traceback hold
    their local variables. It counts as it goes: lists that hold one another many times
    are small in memory and endless as JSON.
    """
    for count, flaw in enumerate(_flaws(value, MOST_LEVELS)):
        if flaw is not None:
            return flaw
        if count > MOST_BYTES:
            return "it is more than 64 KiB of JSON: keep less"
    if len(_json_text(value).encode()) > MOST_BYTES:
        return "it is more than 64 KiB of JSON: keep less"
    return None


def _flaws(value: object, levels: int) -> Iterator[str | None]:
    """One answer for each value within `value`: what is wrong with it, or None."""
    match value:
        case Mapping():
            entries = cast("Mapping[object, object]", value)
            yield None if levels else "it is more than ten levels deep: make it flatter"
            for key, item in entries.items():
                yield _text_flaw(key) if isinstance(key, str) else "it has a key that is not text"
                yield from _flaws(item, levels - 1)
        case list() | tuple():
            items = cast("list[object] | tuple[object, ...]", value)
            yield None if levels else "it is more than ten levels deep: make it flatter"
            for item in items:
                yield from _flaws(item, levels - 1)
        case _:
            yield _scalar_flaw(value)


def _scalar_flaw(value: object) -> str | None:
    match value:
        case None | bool():
            return None
        case str():
            return _text_flaw(value)
        case int():
            return None if value.bit_length() <= MOST_INTEGER_BITS else "it holds a huge number"
        case float():
            return None if math.isfinite(value) else "it holds a number that JSON cannot write"
        case _:
            return f"it holds a {type(value).__name__}, which JSON cannot write"


def _text_flaw(text: str) -> str | None:
    if _UNSTORABLE.search(text):
        return "it holds a NUL or a lone surrogate: remove it"
    return None
