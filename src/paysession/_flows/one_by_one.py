"""Much that is to be done, where one thing that breaks must not keep the others from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from paysession._flows.asks import Flow

T = TypeVar("T")


def one_by_one(flows: Iterable[Flow[T]]) -> Flow[tuple[T, ...]]:
    """
    Run each flow to its end, and return what they returned.

    Raises:
        Exception: What the first that broke has raised, once the others were run as well.
    """
    returned: list[T] = []
    broken: Exception | None = None
    for flow in flows:
        try:
            returned.append((yield from flow))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are not to blame
            broken = broken or error
    if broken is not None:
        raise broken
    return tuple(returned)
