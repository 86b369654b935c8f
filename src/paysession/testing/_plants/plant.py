"""A planted bug: what the library does wrong while it is planted, and what must notice that."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeAlias

import attrs

from paysession.testing._simulation.faults import Fault

Replacing: TypeAlias = Callable[[Any], object]
"""Makes what stands in for a part of the library out of that part."""
EVERYTHING: Final = frozenset(Fault)
"""All that can go wrong."""


@attrs.frozen
class Patch:
    """
    One name of a module or class that stands for something else for a while.

    Attributes:
        target: The module or class.
        name: The name in it.
        by: Makes the replacement out of what the name stands for.
    """

    target: object
    name: str
    by: Replacing

    @contextmanager
    def applied(self) -> Generator[None]:
        """Let the name stand for its replacement, and in the end for what it stood for."""
        original: object = vars(self.target)[self.name]
        setattr(self.target, self.name, self.by(original))
        try:
            yield
        finally:
            setattr(self.target, self.name, original)


@attrs.frozen(kw_only=True)
class Plant:
    """
    A bug of the kind that payment code has, to be planted on purpose.

    Attributes:
        name: What it is called.
        sentence: What the library does wrong.
        breaks: The invariant that it breaks.
        patches: How it is planted.
        profile: A provider with whom it is noticed.
        faults: What has to go wrong for it to be noticed soon.
    """

    name: str
    sentence: str
    breaks: str
    patches: tuple[Patch, ...] = attrs.field(repr=False)
    profile: str = "stripe"
    faults: frozenset[Fault] = attrs.field(default=EVERYTHING, repr=False)

    @contextmanager
    def planted(self) -> Generator[None]:
        """Let the library have the bug for as long as this is open, in this whole process."""
        with ExitStack() as patches:
            for patch in self.patches:
                patches.enter_context(patch.applied())
            yield


def instead(replacement: object) -> Replacing:
    """Return what puts a replacement in, whatever was there."""
    return lambda _: replacement


def answering(*, answer: object) -> Replacing:
    """Return what puts a function in that always answers the same."""

    def always(*_: object, **__: object) -> object:
        return answer

    return instead(always)
