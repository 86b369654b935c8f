"""A suite: a class with a test for every law, which is subclassed by whoever is to keep them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from types import TracebackType
from typing import ClassVar, Final, cast
from unittest import SkipTest

from paysession.testing._laws.law import CannotBeTried, Law, LawBroken
from paysession.testing._laws.verdicts import Finding, Verdict


class DeviationKept(AssertionError):
    """A law that was declared not to be kept is kept, or was never tried."""


class SuiteTooThin(AssertionError):
    """So few laws can be tried that passing them proves nothing."""


class Suite(ABC):
    """
    A test for every law, none of which anybody can take away.

    Attributes:
        port: What the laws are of: `gateway` or `store`.
        laws: The laws.
        deviations: The laws that are knowingly not kept, by their codes, and why not. They must
            be broken: a deviation that is none any more has to be taken off.
        finding: What came of the law that was tried last, for reports.
        enacted: The class to which the laws were given.

    Raises:
        TypeError: When a subclass is defined that overrides a law, or declares a deviation from
            one that there is not, or gives no reason.
    """

    port: ClassVar[str] = ""
    laws: ClassVar[tuple[Law, ...]] = ()
    deviations: ClassVar[Mapping[str, str]] = {}
    finding: Finding | None = None
    enacted: ClassVar[type[Suite] | None] = None

    def __init_subclass__(cls, **arguments: object) -> None:
        super().__init_subclass__(**arguments)
        _refuse_odd_suites(cls, cls.deviations)

    @abstractmethod
    def missing(self, law: Law) -> Sequence[str]:
        """Return what a law speaks of that is not there, in words; nothing if it applies."""

    @abstractmethod
    def try_law(self, law: Law) -> None:
        """
        Try a law.

        Raises:
            LawBroken: It is not kept.
        """

    @abstractmethod
    def described(self) -> Mapping[str, str]:
        """Return what is on trial, for reports: what it is called, and what it declares."""

    def can_be_tried(self, law: Law) -> bool:  # noqa: ARG002 - what is written can be done
        """Tell whether a law that applies is ever tried in earnest, be it kept or broken then."""
        return True

    def thin(self, tried: Sequence[Law]) -> str | None:
        """Return why the laws that were tried in earnest are too few to prove anything, if so."""
        kept = [law for law in tried if law.code not in self.deviations]
        if len(kept) < _FEWEST:
            least = "write more of the suite's controls, or declare fewer deviations"
            return f"only {len(kept)} of the laws can be tried: {least}"
        return None

    def find(self, law: Law) -> Finding:
        """
        Try a law, and tell what came of it; only what a law cannot foresee is raised.

        Raises:
            TypeError: Since the class was made, a law was overridden or an odd deviation declared.
        """
        __tracebackhide__ = True
        _refuse_odd_suites(type(self), self.deviations)
        self.finding = self._found(law)
        return self.finding

    def _found(self, law: Law) -> Finding:
        __tracebackhide__ = True
        declared, missing = self.deviations.get(law.code), self.missing(law)
        if missing:
            lacks = " and no ".join(map(self._with_slip, missing))
            return self._untried(law, declared, f"no {lacks}")
        try:
            self.try_law(law)
        except CannotBeTried as why:
            return self._untried(law, declared, f"no way to try it: {why}")
        except LawBroken as broken:
            verdict = Verdict.BROKEN if declared is None else Verdict.DEVIATES
            broken.with_traceback(_from_law_on(broken.__traceback__, law))
            return Finding(law, verdict, declared or "", broken)
        except Exception as error:
            error.add_note(f"while this was tried: {law.code}: {law.sentence}")
            raise
        if declared is None:
            return Finding(law, Verdict.HOLDS)
        return _kept(law, "and it is kept: take it off `deviations`")

    def _with_slip(self, lack: str) -> str:
        """Ask whether something of the author's was meant that is called nearly so."""
        own = [each for each in dir(type(self)) if not hasattr(self.enacted, each)]
        near = get_close_matches(lack.removeprefix("control "), own, n=1, cutoff=_ALIKE)
        return f"{lack} (was {near[0]} meant to be it?)" if near else lack

    def _untried(self, law: Law, declared: str | None, why: str) -> Finding:
        if declared is None:
            return Finding(law, Verdict.DOES_NOT_APPLY, why)
        lacks = f"{type(self).__name__} has {why}"
        return _kept(law, f"but {law.code} does not apply: {lacks}")

    def test_enough_laws_are_tried(self) -> None:
        """
        A suite that tries next to nothing fails: passing it would prove nothing.

        It asks nobody what the other tests came to, for some may be left out, or run elsewhere:
        it tries laws by itself, until they are enough.
        """
        __tracebackhide__ = True
        laws, tried = iter(sorted(self.laws, key=_turns())), list[Law]()
        while (why := self.thin(tried)) is not None:
            law = next(laws, None)
            if law is None:
                raise SuiteTooThin(why)
            if not self.missing(law) and self._is_tried(law):
                tried.append(law)

    def _is_tried(self, law: Law) -> bool:
        try:
            return self.can_be_tried(law)
        except Exception:  # noqa: BLE001 - whatever it is, the law's own test says so
            return True


_FEWEST: Final = 10
"""Laws without which a suite proves nothing."""

_ALIKE: Final = 0.8
"""How much a name must be like another to be taken for a slip of the pen."""

_FIXED = (
    "can_be_tried",
    "enacted",
    "find",
    "laws",
    "missing",
    "port",
    "test_enough_laws_are_tried",
    "thin",
    "try_law",
)
"""What a suite is made of beside its laws, and no author changes."""


def enact(suite: type[Suite], laws: Sequence[Law]) -> None:
    """Give a suite its laws, and a test for each of them."""
    suite.laws = tuple(laws)
    for law in laws:
        setattr(suite, law.test_name, _test_of(law, suite))
    suite.enacted = suite


def _turns() -> Callable[[Law], int]:
    """Return what puts one law of each area first, then another of each, and so on."""
    so_far = Counter[str]()

    def turn(law: Law) -> int:
        so_far[law.area] += 1
        return so_far[law.area]

    return turn


def _kept(law: Law, why: str) -> Finding:
    """Say that what is declared a deviation is none."""
    kept = DeviationKept(f"{law.code} ({law.sentence}) is declared a deviation, {why}")
    return Finding(law, Verdict.BROKEN, f"it is declared a deviation, {why}", kept)


def _test_of(law: Law, suite: type[Suite]) -> Callable[[Suite], None]:
    def test(self: Suite) -> None:
        __tracebackhide__ = True
        finding = self.find(law)
        if finding.verdict is Verdict.DOES_NOT_APPLY:
            lacks = f"{type(self).__name__} has {finding.note}"
            raise SkipTest(f"{law.code} does not apply: {lacks}")
        if finding.verdict is Verdict.BROKEN and finding.error is not None:
            raise finding.error

    test.__name__ = law.test_name
    test.__qualname__ = f"{suite.__name__}.{law.test_name}"
    test.__doc__ = f"{law.code}: {law.sentence}. Why: {law.reason}."
    test.paysession_law = law  # type: ignore[attr-defined]  # what the pytest plugin knows it by
    return test


def _from_law_on(traceback: TracebackType | None, law: Law) -> TracebackType | None:
    """Leave out what is above the law: how it comes to be called tells nobody anything."""
    code: object = getattr(law.check, "__code__", None)
    while traceback is not None and traceback.tb_frame.f_code is not code:
        traceback = traceback.tb_next
    return traceback


def _refuse_odd_suites(suite: type[Suite], deviations: object) -> None:
    if suite.enacted is not None:
        _refuse_overriding(suite, suite.enacted)
        _refuse_odd_deviations(suite.__name__, deviations, suite.enacted)


def _refuse_overriding(suite: type[Suite], enacted: type[Suite]) -> None:
    for law in enacted.laws:
        if getattr(suite, law.test_name) is not getattr(enacted, law.test_name):
            raise TypeError(
                f"{suite.__name__}.{law.test_name} hides the law {law.code}: rename it, for a "
                "law cannot be overridden; one that is knowingly not kept is named in `deviations`"
            )
    for name in _FIXED:
        if getattr(suite, name) is not getattr(enacted, name):
            raise TypeError(f"{suite.__name__}.{name} cannot be overridden: call it something else")


def _refuse_odd_deviations(suite: str, deviations: object, enacted: type[Suite]) -> None:
    codes = {law.code for law in enacted.laws}
    if not isinstance(deviations, Mapping):
        raise TypeError(f"{suite}.deviations must be a dict: of codes, and why")
    for code, reason in cast("Mapping[object, object]", deviations).items():
        if code not in codes:
            raise TypeError(f"{suite}.deviations names {code!r}: there is no such law")
        if not isinstance(reason, str) or not reason.strip():
            raise TypeError(f"{suite}.deviations[{code!r}] must say why, in a sentence")
