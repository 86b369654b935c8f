"""A suite: a class with a test for every law, which is subclassed by whoever is to keep them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import ClassVar
from unittest import SkipTest

from paysession.testing._laws.law import Law, LawBroken
from paysession.testing._laws.verdicts import Finding, Verdict


class DeviationKept(AssertionError):
    """A law that was declared not to be kept is kept, or was never tried."""


class SuiteTooThin(AssertionError):
    """So few laws can be tried that passing them proves nothing."""


class Suite(ABC):
    """
    A test for every law, none of which anybody can take away.

    Attributes:
        laws: The laws.
        deviations: The laws that are knowingly not kept, by their codes, and why not. They must
            be broken: a deviation that is none any more has to be taken off.

    Raises:
        TypeError: When a subclass is defined that overrides a law, or declares a deviation from
            one that there is not, or gives no reason.
    """

    laws: ClassVar[tuple[Law, ...]] = ()
    deviations: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **arguments: object) -> None:
        super().__init_subclass__(**arguments)
        _refuse_overriding(cls)
        _refuse_odd_deviations(cls)

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
    def thin(self) -> str | None:
        """Return why the laws that can be tried are too few to prove anything, if they are."""

    @abstractmethod
    def described(self) -> Mapping[str, str]:
        """Return what is on trial, for reports: what it is called, and what it declares."""

    def find(self, law: Law) -> Finding:
        """Try a law, and tell what came of it; only what a law cannot foresee is raised."""
        __tracebackhide__ = True
        declared, missing = self.deviations.get(law.code), self.missing(law)
        if missing:
            lacks = f"{type(self).__name__} has no {' and no '.join(missing)}"
            note = f"{law.code} does not apply: {lacks}"
            kept = (
                None if declared is None else DeviationKept(f"{_DECLARED.format(law)}, but {note}")
            )
            return Finding(law, Verdict.BROKEN if kept else Verdict.DOES_NOT_APPLY, note, kept)
        try:
            self.try_law(law)
        except LawBroken as broken:
            verdict = Verdict.BROKEN if declared is None else Verdict.DEVIATES
            broken.with_traceback(_from_law_on(broken.__traceback__, law))
            return Finding(law, verdict, declared or "", broken)
        if declared is None:
            return Finding(law, Verdict.HOLDS)
        kept = DeviationKept(f"{_DECLARED.format(law)}, and it is kept: take it off `deviations`")
        return Finding(law, Verdict.BROKEN, declared, kept)

    def test_enough_laws_are_tried(self) -> None:
        """A suite that tries next to nothing fails: passing it would prove nothing."""
        __tracebackhide__ = True
        why = self.thin()
        if why is not None:
            raise SuiteTooThin(why)


_KEPT = ("laws", "find", "missing", "thin", "test_enough_laws_are_tried", "try_law")

_DECLARED = "{0.code} ({0.sentence}) is declared a deviation"


def enact(suite: type[Suite], laws: Sequence[Law]) -> None:
    """Give a suite its laws, and a test for each of them."""
    suite.laws = tuple(laws)
    for law in laws:
        setattr(suite, law.test_name, _test_of(law, suite))


def _test_of(law: Law, suite: type[Suite]) -> Callable[[Suite], None]:
    def test(self: Suite) -> None:
        __tracebackhide__ = True
        finding = self.find(law)
        if finding.verdict is Verdict.DOES_NOT_APPLY:
            raise SkipTest(finding.note)
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


def _refuse_overriding(suite: type[Suite]) -> None:
    enacted = next((base for base in suite.__mro__[1:] if vars(base).get("laws")), Suite)
    own = vars(suite).keys()
    for law in vars(enacted)["laws"]:
        if law.test_name in own:
            raise TypeError(
                f"{suite.__name__}.{law.test_name} hides the law {law.code}: rename it, for a "
                "law cannot be overridden; one that is knowingly not kept is named in `deviations`"
            )
    if enacted is not Suite and not own.isdisjoint(_KEPT):
        raise TypeError(f"{suite.__name__} must not override any of {', '.join(_KEPT)}")


def _refuse_odd_deviations(suite: type[Suite]) -> None:
    codes = {law.code for law in suite.laws}
    for code, reason in suite.deviations.items() if codes else ():
        if code not in codes:
            raise TypeError(f"{suite.__name__}.deviations names {code!r}: there is no such law")
        if not reason.strip():
            raise TypeError(f"{suite.__name__}.deviations[{code!r}] must say why, in a sentence")
