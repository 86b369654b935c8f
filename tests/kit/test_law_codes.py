"""
What a law is known by never comes to mean anything else: `laws.txt` holds every one there ever was.

A new law is written down there with:

    python tests/kit/test_law_codes.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from paysession.testing._gateways.laws import LAWS as OF_GATEWAYS
from paysession.testing._laws.law import Law
from paysession.testing._stores.laws import LAWS as OF_STORES

WRITTEN = Path(__file__).parent / "laws.txt"
PORTS: Mapping[str, Sequence[Law]] = {"gateway": OF_GATEWAYS, "store": OF_STORES}


def written(law: Law, port: str) -> str:
    return f"{port} {law.code} since {law.since}: {law.sentence}"


def laws_now() -> dict[str, str]:
    return {
        f"{port} {law.code}": written(law, port) for port, laws in PORTS.items() for law in laws
    }


def laws_ever(lines: Sequence[str]) -> dict[str, str]:
    return {line.partition(" since ")[0]: line for line in lines}


def complaints(ever: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name, line in ever.items():
        if name not in now:
            yield f"{name} is gone: a code is for ever, so bring its law back as it was"
        elif now[name] != line:
            yield (
                f"{name} says something else than it did: give what is new a code of its own, or "
                "change its line in tests/kit/laws.txt by hand if it means the same"
            )
    for name in now.keys() - ever.keys():
        yield f"{name} is new: write it down with `python tests/kit/test_law_codes.py`"


def added(ever: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """All that was ever written down, as it was, and what is new after it."""
    return [*ever.values(), *(line for name, line in now.items() if name not in ever)]


def test_every_law_is_written_down_as_it_always_was() -> None:
    lines = WRITTEN.read_text(encoding="utf-8").splitlines()
    assert [] == list(complaints(laws_ever(lines), laws_now()))


def test_a_code_is_one_law_s_within_its_port() -> None:
    assert sum(map(len, PORTS.values())) == len(laws_now())


EVER = {"store A-1": "store A-1 since 0.1: all or nothing"}


@pytest.mark.parametrize(
    ("now", "complaint"),
    [
        ({}, "store A-1 is gone: a code is for ever"),
        ({"store A-1": "store A-1 since 0.1: half"}, "store A-1 says something else than it did"),
        ({"store A-1": "store A-1 since 0.2: all or nothing"}, "store A-1 says something else"),
        ({**EVER, "store A-2": "store A-2 since 0.2: as well"}, "store A-2 is new: write it down"),
    ],
)
def test_what_is_not_as_it_was_is_told(now: Mapping[str, str], complaint: str) -> None:
    (told,) = complaints(EVER, now)
    assert told.startswith(complaint)


def test_only_what_is_new_is_written_down() -> None:
    now = {"store A-1": "store A-1 since 0.1: half", "store A-2": "store A-2 since 0.2: as well"}
    assert [*EVER.values(), now["store A-2"]] == added(EVER, now)


if __name__ == "__main__":
    ever = laws_ever(WRITTEN.read_text(encoding="utf-8").splitlines() if WRITTEN.exists() else [])
    WRITTEN.write_text("\n".join(added(ever, laws_now())) + "\n", encoding="utf-8")
    for told in complaints({**laws_now(), **ever}, laws_now()):
        print(told)
