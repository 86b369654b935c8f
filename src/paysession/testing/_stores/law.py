"""A law of the port to databases: what it speaks of, and what it needs to be tried."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

import attrs

from paysession.testing._laws.law import Law

if TYPE_CHECKING:
    from paysession.testing._stores.bench import Bench
    from paysession.testing._stores.trials import Trial

CONTROLS: Final = frozenset({"another", "outer_transaction", "reopen"})
"""What the author of a suite need not write, and what laws may need."""


@attrs.frozen(kw_only=True)
class StoreLaw(Law):
    """
    One rule of the port to databases.

    Attributes:
        about: The method in whose contract it stands.
        needs: What the author of the suite must have written.
        is_race: Whether several are at the store at once, so that it may be stuck.
    """

    about: str
    needs: frozenset[str] = frozenset()
    is_race: bool = False

    @property
    def see(self) -> str:
        """Where to read on."""
        return f"paysession.stores.Store.{self.about}, and docs/store-laws.md#{self.area.lower()}"

    def missing(self, written: Collection[str]) -> tuple[str, ...]:
        """Return what it speaks of that is not there, in words."""
        return tuple(f"control {each}" for each in sorted(self.needs - set(written)))


def law(
    code: str,
    sentence: str,
    *,
    reason: str,
    source: str,
    about: str,
    needs: Collection[str] = (),
    is_race: bool = False,
    since: str = "0.1",
) -> Callable[[Callable[[Bench], Trial[None]]], StoreLaw]:
    """Make a law of the function that tries it."""

    def enacted(check: Callable[[Bench], Trial[None]]) -> StoreLaw:
        return StoreLaw(
            code=code,
            sentence=sentence,
            reason=reason,
            source=source,
            check=check,
            since=since,
            about=about,
            needs=frozenset(needs),
            is_race=is_race,
        )

    return enacted
