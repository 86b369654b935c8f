"""Text, ids, instants, notes and what must not be seen, as a backend may pass them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from hypothesis import strategies as st

from paysession._domain.idempotency import IdempotencyKey
from paysession._domain.limits import Metadata, aware
from paysession._domain.secrets import ClientData, Secret
from paysession.errors import UnsafeInput
from paysession.testing._strategies.showing import made_of

# Without decimal digits: no text of these can be a card number.
_LETTERS: Final = "abcXYZ-_éßøÅж日本قه💳'\"<&"
# Without the letters by which a field for card data is called.
_LETTERS_OF_KEYS: Final = "xyzXYZ_-éß日"

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_END: Final = datetime(2035, 12, 31, tzinfo=UTC)


def texts(*, most: int = 255) -> st.SearchStrategy[str]:
    """Return what people write on one line: never empty, in several scripts."""
    plain = st.text(_LETTERS, min_size=1, max_size=most)
    spaced = st.tuples(plain, plain).map(" ".join).filter(lambda text: len(text) <= most)
    return plain | spaced


def ids(prefix: str) -> st.SearchStrategy[str]:
    """Return ids that shrink towards the first of a prefix, with odd ones among them."""
    return st.integers(1, 9_999).map(lambda number: f"{prefix}_{number}") | st.text(
        _LETTERS, min_size=1, max_size=255
    )


def instants(*, least: datetime = START, most: datetime = _END) -> st.SearchStrategy[datetime]:
    """
    Return instants from `least` to `most`, both included, in UTC.

    They shrink towards the beginning of 2026, or what is nearest to it.

    Raises:
        TypeError: A bound is no `datetime`.
        UnsafeInput: A bound has no time zone, or `least` is after `most`.
    """
    first, last = aware(least, field="least"), aware(most, field="most")
    if first > last:
        raise UnsafeInput("least", "it is after most: swap them")
    start = min(max(START, first), last)
    return made_of(st.timedeltas(first - start, last - start), lambda time: start + time)


def metadata(*, most: int = 5) -> st.SearchStrategy[Metadata]:
    """
    Return notes of at most `most` keys, as they may be given to any command.

    Raises:
        UnsafeInput: `most` is not from 0 to 50.
    """
    if not 0 <= most <= 50:
        raise UnsafeInput("most", "metadata has at most 50 keys: choose from 0 to 50")
    keys = st.sampled_from(("purchase_order", "channel")) | st.text(
        _LETTERS_OF_KEYS, min_size=1, max_size=40
    )
    values = st.text(_LETTERS + " \n", max_size=500)
    return st.builds(Metadata.of, st.dictionaries(keys, values, max_size=most))


def client_data() -> st.SearchStrategy[ClientData]:
    """Return what one customer's browser must have: text, or values by name."""
    return st.builds(ClientData, texts() | json_objects())


def json_objects() -> st.SearchStrategy[dict[str, object]]:
    """Return values by name, as JSON has them, a few levels deep."""
    leaves: st.SearchStrategy[object] = (
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(_LETTERS)
    )

    def nested(items: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        return st.lists(items, max_size=3) | st.dictionaries(texts(most=20), items, max_size=3)

    return st.dictionaries(texts(most=20), st.recursive(leaves, nested, max_leaves=5), max_size=3)


def secrets() -> st.SearchStrategy[Secret]:
    """Return secrets of a merchant's; each reveals another text, of 24 characters at least."""
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return st.builds(Secret, st.text(alphabet, min_size=24, max_size=64).map("whsec_{}".format))


def idempotency_keys() -> st.SearchStrategy[IdempotencyKey]:
    """Return names that callers give to their commands, half of them within a scope."""
    scopes = st.just("") | texts()
    return st.builds(IdempotencyKey, ids("key"), scope=scopes)


def addresses() -> st.SearchStrategy[str]:
    """Return addresses that a browser may be sent to."""
    paths = st.text("abcxyz/-_", max_size=20)
    return paths.map(lambda path: f"https://shop.example/{path}")


def bodies() -> st.SearchStrategy[bytes]:
    """Return what a provider may send: a JSON document."""
    return json_objects().map(_as_json)


def _as_json(document: Mapping[str, object]) -> bytes:
    return json.dumps(document).encode()
