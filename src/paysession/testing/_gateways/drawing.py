"""What Hypothesis draws for a law: amounts that the provider can count, and parts of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from random import Random
from typing import Final, Protocol, TypeAlias, TypeVar, cast

import attrs
from hypothesis import HealthCheck, Phase, core, given, reject, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, Unsatisfiable
from hypothesis.reporting import with_reporter

from paysession._money import MinorUnits, Money
from paysession.errors import AmountNotRepresentable
from paysession.testing._laws.law import CannotBeTried, LawBroken

T = TypeVar("T")

_FEWEST, _MOST = 100, 100_000
"""How many of the smallest amount that a provider can count make what is drawn."""

_MOST_DIGITS: Final = 9

_TENTH: Final = 10

_MOSTLY: Final = (False, True, True, True)

_ENOUGH: Final = 30
"""So many examples, none of which can be played, say that there is none that can."""


class Draws(Protocol):
    """Where a law gets what it leaves open."""

    def draw(self, strategy: st.SearchStrategy[T], label: object = None) -> T:
        """Draw a value."""
        ...


@attrs.frozen(eq=False)
class Drawn:
    """
    What a law leaves open, as Hypothesis fills it in.

    Attributes:
        data: Where it is drawn from.
        currencies: Those that the account takes.
        units: How the provider counts.
    """

    data: Draws
    currencies: Sequence[str]
    units: MinorUnits

    def one_of(self, choices: Sequence[T]) -> T:
        """Draw one of these, the first if any will do."""
        return self.data.draw(st.sampled_from(choices))

    def some_of(self, choices: Sequence[T]) -> list[T]:
        """
        Draw most of these, one at least, in their order.

        Each is drawn so often that none is ever missed, and what breaks a law is found alone:
        so what holds of each is tried of all of them, and told of one.
        """
        drawn = [each for each in choices if self.data.draw(st.sampled_from(_MOSTLY))]
        return drawn or list(choices[:1])

    def currency(self) -> str:
        """Draw a currency that the account takes."""
        return self.one_of(self.currencies)

    def amount(self, currency: str | None = None) -> Money:
        """Draw an amount that the provider can count, and some parts of it too."""
        code = currency or self.currency()
        step = smallest(code, self.units)
        return step * self.data.draw(st.integers(_FEWEST, _MOST))

    def part_of(self, amount: Money) -> Money:
        """Draw less than an amount, and more than nothing, that the provider can count."""
        step = smallest(amount.currency.code, self.units)
        return step * self.data.draw(st.integers(1, amount.minor // step.minor - 1))

    def any_amount(self) -> Money:
        """Return an amount where any will do: nothing is drawn."""
        return self.fixed().amount()

    def fixed(self) -> Drawn:
        """Return what draws nothing, where a law is to be tried once and always alike."""
        return _Fixed(self.data, self.currencies, self.units)

    def octets(self, *, most: int) -> bytes:
        """Draw bytes that mean nothing."""
        return self.data.draw(st.binary(max_size=most))

    def another_amount(self, amount: Money) -> Money:
        """Draw an amount of the same currency that is not this one; the less, the better."""
        step = smallest(amount.currency.code, self.units)
        units = self.data.draw(st.integers(1, _MOST))
        return step * (units if units < amount.minor // step.minor else units + 1)

    def least(self, currency: str) -> Money:
        """Return the smallest amount of a currency of which the provider counts every multiple."""
        return smallest(currency, self.units)

    def countable(self, amount: Money) -> Money:
        """Return as much of an amount as the provider can count."""
        least = self.least(amount.currency.code)
        return least * (amount.minor // least.minor)

    def coarse(self) -> list[str]:
        """Return currencies of which the provider cannot count every amount: ours, if any are."""
        named = {code for code, _ in (*self.units.exponents, *self.units.steps)}
        coarse = [each for each in sorted(named) if self.least(each).minor > 1]
        return [each for each in coarse if each in self.currencies] or coarse


@attrs.frozen(eq=False)
class _Fixed(Drawn):
    """What a law could leave open, and does not: of several choices each has its turn."""

    _turns: Iterator[int] = attrs.field(factory=count)

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[next(self._turns) % len(choices)]

    def amount(self, currency: str | None = None) -> Money:
        return smallest(currency or self.currencies[0], self.units) * _FEWEST

    def part_of(self, amount: Money) -> Money:
        step = smallest(amount.currency.code, self.units)
        return step * (amount.minor // step.minor // 2)


def smallest(currency: str, units: MinorUnits) -> Money:
    """
    Return the smallest amount of which every multiple can be told to the provider.

    Raises:
        AmountNotRepresentable: The provider counts this currency in odd units.
    """
    for digits in range(_MOST_DIGITS):
        with suppress(AmountNotRepresentable):
            amount = Money.from_minor(10**digits, currency)
            units.to_provider(amount)
            return amount
    raise AmountNotRepresentable(currency, units.name, "no multiple of ten can be sent there")


_Kinds: TypeAlias = tuple[type[BaseException], ...]
_ALL_OF_THEM: Final = cast("list[HealthCheck]", list(HealthCheck))


class AnswersDiffer(AssertionError):
    """The same calls got other answers when they were made again: nothing can be proven so."""


class _NeverPlayed(BaseException):
    """In none of the examples could it be played: no `Exception`, so that no more are tried."""


def tried(trial: Callable[[Draws], None], *, examples: int | None, seeded: int | None) -> None:
    """
    Try something with whatever Hypothesis draws, and raise what the shortest example raises.

    What draws nothing is tried once. How often the rest is tried follows from the profile that
    is active, a tenth of it, unless `examples` says.

    Raises:
        CannotBeTried: What cannot be played, in none of the examples.
        AnswersDiffer: Twice the same was asked, and two answers came back.
        LawBroken: As the shortest example showed it.
    """
    __tracebackhide__ = True
    profile = settings()
    most = examples or max(5, profile.max_examples // _TENTH)

    @settings(
        profile,
        max_examples=most,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=_ALL_OF_THEM,
        phases=[each for each in profile.phases if each is not Phase.explain],
    )
    @given(st.data())
    def drawn(data: st.DataObject) -> None:
        __tracebackhide__ = True
        try:
            trial(data)
        except CannotBeTried as why:
            untried.append(why)
            if len(untried) >= max(most, _ENOUGH) and not is_tried:
                raise _NeverPlayed from None
            reject()
        is_tried.append(True)

    untried: list[CannotBeTried] = []
    is_tried: list[bool] = []
    number = next(each for each in (seeded, _asked_for(), _any_number()) if each is not None)
    again = "the same is drawn every time" if profile.derandomize else f"write `seed = {number}`"
    if not profile.derandomize:
        drawn = seed(number)(drawn)
    try:
        with with_reporter(_silently):
            drawn()
    except (Unsatisfiable, _NeverPlayed):
        raise untried[-1] from None
    except Flaky as flaky:
        message = "the same calls get other answers when they are made again: let make_gateway "
        raise AnswersDiffer(f"{message}return a gateway at a provider that is fresh") from flaky
    except Exception as error:
        error.__dict__.pop("__notes__", None)  # Hypothesis speaks of what authors never wrote
        if isinstance(error, LawBroken):
            error.__cause__ = error.__context__ = None
            error.again = again
        raise


class _Played(BaseException):
    """Something was played to its end: no `Exception`, so that no more is tried."""


def is_ever_played(
    trial: Callable[[Draws], None], *, examples: int | None, seeded: int | None
) -> bool:
    """Tell whether something can be played in any of the examples, none of which is skipped."""
    played: list[bool] = []

    def once(draws: Draws) -> None:
        trial(draws)
        played.append(True)
        raise _Played

    skips = cast("Callable[[], _Kinds]", core.skip_exceptions_to_reraise)
    with suppress(_Played, CannotBeTried, *skips()):
        tried(once, examples=examples, seeded=seeded)
    return bool(played)


def _asked_for() -> int | None:
    """Return what pytest's `--hypothesis-seed` says, if it was given and is a number."""
    asked: object = getattr(core, "global_force_seed", None)
    return asked if isinstance(asked, int) else None


def _any_number() -> int:
    return Random().getrandbits(32)  # noqa: S311 - to be told


def _silently(_: object) -> None:
    """Say nothing: a broken law says it all."""
