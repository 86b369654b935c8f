"""A law of the port to providers: what it speaks of, and what it needs to be tried."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import attrs

from paysession.gateways import ISO, Capabilities, no_over_capture
from paysession.gateways.requests import Method
from paysession.testing._laws.law import Law

if TYPE_CHECKING:
    from paysession.testing._gateways.bench import Bench

CONTROLS: Final = frozenset(
    {
        "another",
        "answer_in_other_currency",
        "answer_nonsense",
        "books",
        "canaries",
        "decline",
        "declines",
        "keep_pending",
        "knowing",
        "lose_answer",
        "move_less",
        "never_answer",
        "notifications",
        "pass_time",
        "refuse_connection",
        "reject",
        "require_action",
        "settle",
        "sign",
        "together",
        "webhook_secrets",
    }
)
"""What the author of a suite need not write, and what laws may need."""

SESSIONS: Final[tuple[Method, ...]] = ("create_session", "complete_session")
SETUPS: Final[tuple[Method, ...]] = ("create_setup_session", "complete_setup_session")
MOVEMENTS: Final[tuple[Method, ...]] = ("capture", "void", "refund")

_NEEDS: Final[Mapping[str, tuple[str, tuple[Collection[str], ...]]]] = MappingProxyType(
    {
        "await": ("asynchronous gateway", ({"await"},)),
        "movement": ("capture, void or refund", ({"capture"}, {"void"}, {"refund"})),
        "sale": ("session or charge", (SESSIONS, {"charge"})),
        "word": ("look_up or notifications", ({"look_up"}, {"read_notification", "notifications"})),
    }
)
"""What laws need that is no single method: in words, and what any of must be there for it."""


@attrs.frozen(kw_only=True)
class GatewayLaw(Law):
    """
    One rule of the port to providers.

    Attributes:
        about: The method in whose contract it stands.
        needs: The methods that it speaks of; `sale` is a session or a charge, whichever there
            is, `movement` a capture, void or refund, and `word` a look-up or a notification:
            something by which a provider tells how what was pending has ended; `await` is
            an asynchronous gateway.
        controls: What the author of the suite must have written.
        able: The capabilities that must be declared, units of a provider's own among them.
        unable: The capabilities that must be declared not to be there.
        lacks: The methods of which it speaks where at least one of them is not offered.
    """

    about: Method
    needs: frozenset[str] = frozenset()
    controls: frozenset[str] = frozenset()
    able: frozenset[str] = frozenset()
    unable: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()

    @property
    def see(self) -> str:
        """Where to read on."""
        page = f"docs/gateway-laws.md#{self.area.lower()}"
        return f"paysession.gateways.Gateway.{self.about}, and {page}"

    def missing(
        self, offered: Collection[str], capabilities: Capabilities, written: Collection[str]
    ) -> tuple[str, ...]:
        """Return what it speaks of that is not there, in words."""
        return (
            *_not_there(self.needs, {*offered, *written}),
            *_all_offered(self.lacks, offered),
            *(
                f"capability {each}"
                for each in sorted(self.able)
                if not _declares(capabilities, each)
            ),
            *(
                f"gateway without {each}"
                for each in sorted(self.unable)
                if _declares(capabilities, each)
            ),
            *(f"control {each}" for each in sorted(self._controls(capabilities) - set(written))),
        )

    def _controls(self, capabilities: Capabilities) -> frozenset[str]:
        """Name what the author must have written: where look-ups miss what is new, a clock too."""
        looks = not self.needs.isdisjoint({"look_up", "word"})
        waits = looks and capabilities.look_up_grace > timedelta(0)
        return self.controls | {"pass_time"} if waits else self.controls


def _declares(capabilities: Capabilities, name: str) -> bool:
    """Tell whether something is declared: what every provider counts and takes, nobody declares."""
    declared: object = getattr(capabilities, name)
    return bool(declared) and declared not in (no_over_capture, ISO)


def _not_there(needs: Iterable[str], there: Collection[str]) -> Iterator[str]:
    for need in sorted(needs):
        words, ways = _NEEDS.get(need, (f"operation {need}", ({need},)))
        if not any(set(way) <= set(there) for way in ways):
            yield words


def _all_offered(lacks: Collection[str], offered: Collection[str]) -> Iterator[str]:
    if lacks and set(lacks) <= set(offered):
        yield f"gateway without {' or '.join(sorted(lacks))}"


def law(
    code: str,
    sentence: str,
    *,
    reason: str,
    source: str,
    about: Method,
    needs: Collection[str] = (),
    controls: Collection[str] = (),
    able: Collection[str] = (),
    unable: Collection[str] = (),
    lacks: Collection[str] = (),
    since: str = "0.1",
) -> Callable[[Callable[[Bench], None]], GatewayLaw]:
    """Make a law of the function that tries it."""

    def enacted(check: Callable[[Bench], None]) -> GatewayLaw:
        return GatewayLaw(
            code=code,
            sentence=sentence,
            reason=reason,
            source=source,
            check=check,
            since=since,
            about=about,
            needs=frozenset(needs),
            controls=frozenset(controls),
            able=frozenset(able),
            unable=frozenset(unable),
            lacks=frozenset(lacks),
        )

    return enacted
