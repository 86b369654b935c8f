"""How much work a call is: counted, since a clock tells how busy the machine is as well."""

import sys
from collections.abc import Callable
from typing import Any


def steps_of(call: Callable[[], object]) -> int:
    """Make the call; return how many functions were called within it."""
    steps = 0

    def count(_frame: object, event: str, _what: Any) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(before)
    return steps
