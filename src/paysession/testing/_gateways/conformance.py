"""
The suite of a gateway: subclass it, say how yours is made, and pytest finds a test for every law.

    class TestAcme(GatewayConformance[AcmeGateway]):
        gateway_class = AcmeGateway

        def make_gateway(self) -> AcmeGateway:
            return AcmeGateway(api_key="test", transport=FakeAcme())
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import attrs

from paysession.gateways import AsyncGateway, Capabilities, Gateway, operations_of
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.calls import AnyGateway, GivenUp, Stage
from paysession.testing._gateways.controls import Controls
from paysession.testing._gateways.law import CONTROLS, GatewayLaw
from paysession.testing._gateways.laws import AREAS, LAWS
from paysession.testing._laws.law import Law, LawBroken
from paysession.testing._laws.suite import Suite, enact

if TYPE_CHECKING:
    from paysession.testing._gateways.drawing import Draws

G = TypeVar("G", bound=Gateway | AsyncGateway)


class GatewayConformance(Controls[G], Suite):
    """
    Proves that a gateway keeps every law of its port, be it synchronous or asynchronous.

    Subclass it under a name that pytest collects, and write `make_gateway`. Each of the other
    methods, where you write it, lets more laws be tried; a law that needs one which is not
    there does not apply, and its test is skipped and says so. A broken law is `LawBroken`.

    Attributes:
        examples: How many examples are tried of a law that leaves something open, if not a
            tenth of what Hypothesis's profile says.
        seed: What they are drawn from, to see the same ones again.
        offers_nothing: Whether the gateway has none of its port's methods, and needs none,
            because people take the money. Otherwise such a gateway proves nothing.

    Raises:
        TypeError: When a subclass is defined that overrides a law, or declares a deviation
            from one that there is not.
    """

    port = "gateway"
    examples: ClassVar[int | None] = None
    seed: ClassVar[int | None] = None
    offers_nothing: ClassVar[bool] = False

    def missing(self, law: Law) -> tuple[str, ...]:
        """Return what a law speaks of that is not there, in words."""
        kind, capabilities, offered = self._subject
        rule, written = cast("GatewayLaw", law), self.written()
        if issubclass(kind, AsyncGateway):
            return rule.missing(offered | {"await"}, capabilities, written)
        # What is synchronous runs in threads, where nobody need say what together means.
        return rule.missing(offered, capabilities, written | {"together"})

    def try_law(self, law: Law) -> None:
        """
        Try a law on gateways of this suite.

        Raises:
            LawBroken: It is not kept.
            ModuleNotFoundError: Hypothesis is not installed.
        """
        __tracebackhide__ = True
        if find_spec("hypothesis") is None:
            needed = "laws of gateways need Hypothesis: pip install 'paysession[testing]'"
            raise ModuleNotFoundError(needed, name="hypothesis")
        from paysession.testing._gateways.drawing import tried  # noqa: PLC0415 - an extra

        def trial(draws: Draws) -> None:
            __tracebackhide__ = True
            self._play(law, draws)

        try:
            tried(trial, examples=self.examples, seeded=self.seed)
        except LawBroken as broken:
            raise self._masked(broken) from None
        except GivenUp as given_up:
            raise self._masked(given_up.broken) from None

    def can_be_tried(self, law: Law) -> bool:
        """Tell whether a law is ever tried in earnest: one example that can be played will do."""
        from paysession.testing._gateways.drawing import is_ever_played  # noqa: PLC0415 - an extra

        def trial(draws: Draws) -> None:
            with suppress(LawBroken, GivenUp):
                self._play(law, draws)

        return is_ever_played(trial, examples=self.examples, seeded=self.seed)

    def _play(self, law: Law, draws: Draws) -> None:
        """Try a law once, with what is drawn for it."""
        __tracebackhide__ = True
        from paysession.testing._gateways.drawing import Drawn  # noqa: PLC0415 - an extra

        stage = Stage(self.run, patience_seconds=self.patience_seconds)
        try:
            _, capabilities, _ = self._subject
            drawn = Drawn(draws, self.currencies, capabilities.minor_units)
            bench = Bench(cast("GatewayLaw", law), self, stage, drawn)
            law.check(bench)
            bench.ends()
        except LawBroken as broken:
            if stage.is_stuck:
                raise GivenUp(broken) from None
            raise
        finally:
            stage.leave(cast("Any", self.close))

    def _masked(self, broken: LawBroken) -> LawBroken:
        """Let nothing that the author calls a secret be shown."""
        broken.secrets = (*self.canaries, *self.webhook_secrets)
        return broken

    def thin(self, tried: Sequence[Law]) -> str | None:
        """Return why the laws that were tried in earnest are too few to prove anything, if so."""
        _, _, offered = self._subject
        if self.offers_nothing:
            return _offers_after_all(offered)
        if not offered:
            return "the gateway has no method of its port: if it needs none, say offers_nothing"
        return super().thin(tried) or _area_without_law(offered, tried)

    def described(self) -> Mapping[str, str]:
        """Return what is on trial: its class, its methods, and what differs from the defaults."""
        kind, capabilities, offered = self._subject
        return {
            "adapter": f"{kind.__module__}.{kind.__qualname__}",
            "operations": ", ".join(sorted(offered)) or "none",
            "capabilities": ", ".join(_declared(capabilities)) or "the defaults",
            "controls": ", ".join(sorted(self.written() & CONTROLS)) or "none",
        }

    @cached_property
    def _subject(self) -> tuple[type[AnyGateway], Capabilities, frozenset[str]]:
        """What is on trial: its class, what it declares and what it offers."""
        stage = Stage(self.run, patience_seconds=self.patience_seconds)
        try:
            gateway = cast("Any", stage.do(self.make_gateway, is_control=True))
            self._check(gateway)
            stage.gateways.append(gateway)
            kind = cast("type[AnyGateway]", type(gateway))
            return kind, gateway.capabilities, operations_of(gateway)
        finally:
            stage.leave(cast("Any", self.close))

    def _check(self, gateway: object) -> None:
        wanted = self.gateway_class or (Gateway, AsyncGateway)
        if not isinstance(gateway, wanted):
            name = getattr(wanted, "__name__", "Gateway or AsyncGateway")
            raise TypeError(f"make_gateway() must return {name}, not {type(gateway).__name__}")


def _offers_after_all(offered: Collection[str]) -> str | None:
    if offered:
        return f"offers_nothing is said of a gateway that offers {sorted(offered)}: take it off"
    return None


def _area_without_law(offered: frozenset[str], tried: Sequence[Law]) -> str | None:
    areas = {law.area for law in tried}
    for area, methods in AREAS.items():
        if methods and methods <= offered and area not in areas:
            return f"no law of {area} can be tried, and the gateway offers {sorted(methods)}"
    return None


def _declared(capabilities: Capabilities) -> list[str]:
    """Name what is not as it usually is."""
    usual, names = Capabilities(), [each.name for each in attrs.fields(Capabilities)]
    told = {each: getattr(capabilities, each) for each in names}
    return [
        f"{name}={getattr(value, '__name__', value)}"
        for name, value in told.items()
        if value != getattr(usual, name)
    ]


enact(GatewayConformance, LAWS)
