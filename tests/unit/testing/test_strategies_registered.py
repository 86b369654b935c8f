"""Hypothesis knows our types once this package is installed, and costs nobody anything else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, TypeAlias, get_args

import pytest
from drawn_values import drawn
from hypothesis import strategies as st

import _paysession_hypothesis
from paysession import Money, Payable, Source
from paysession.gateways import Request
from paysession.outcomes import Fact, NextAction, Outcome, Report
from paysession.testing._strategies.by_type import TYPES

FRESH = """
import sys
from hypothesis import given, settings
from hypothesis import strategies as st
assert "paysession" not in sys.modules
from paysession import Money, Payable, Source
from paysession.outcomes import Outcome, Report
assert "paysession.testing" not in sys.modules
assert __import__("paysession").__spec__.loader.get_source("paysession")

def pay(amount: Money, *, order: Payable) -> tuple[Money, Payable]:
    return amount, order

@settings(max_examples=5, database=None)
@given(paid=st.builds(pay), outcome=st.from_type(Outcome), report=st.from_type(Report), source=...)
def test(paid: object, outcome: object, report: object, source: Source) -> None:
    print(type(paid[0]).__name__, type(paid[1]).__name__, type(report).__name__)

test()
"""


def in_a_fresh_interpreter(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    return done.stdout


def test_hypothesis_finds_the_registration_by_its_own_entry_point() -> None:
    [entry] = [each for each in entry_points(group="hypothesis") if each.name == "paysession"]
    assert _paysession_hypothesis.register is entry.load()


def test_types_are_known_in_a_fresh_interpreter() -> None:
    assert {"Money Payable Report"} == set(in_a_fresh_interpreter(FRESH).splitlines())


def test_importing_hypothesis_imports_no_part_of_the_package() -> None:
    imported = in_a_fresh_interpreter("import sys, hypothesis; print(*sys.modules)").split()
    assert ["_paysession_hypothesis"] == [name for name in imported if "paysession" in name]


def test_the_package_may_be_imported_before_hypothesis() -> None:
    program = "import paysession; from hypothesis import strategies as st; "
    assert "" == in_a_fresh_interpreter(program + "st.from_type(paysession.Money).validate()")


def test_whoever_wants_no_plugins_has_none() -> None:
    program = "import sys, hypothesis; print('_paysession_hypothesis' in sys.modules)"
    assert "False\n" == in_a_fresh_interpreter(program, HYPOTHESIS_NO_PLUGINS="1")


def test_what_is_registered_is_what_there_are_strategies_for() -> None:
    assert set(TYPES) == set(_paysession_hypothesis.types())
    assert {*get_args(Fact), *get_args(NextAction), *get_args(Source), Request} <= TYPES


@pytest.mark.parametrize("kind", sorted(TYPES, key=str))
def test_every_type_is_resolved(kind: type[object]) -> None:
    _paysession_hypothesis.register()
    assert all(isinstance(each, kind) for each in drawn(st.from_type(kind), 5))


@pytest.mark.parametrize("union", [Outcome, Fact, Source, NextAction])
def test_a_union_of_them_is_resolved(union: Any) -> None:
    assert {type(each) for each in drawn(st.from_type(union))} <= set(get_args(union))


def test_an_annotation_with_them_is_resolved() -> None:
    def pay(amount: Money, *, order: Payable, said: Report) -> tuple[type, ...]:
        return type(amount), type(order), type(said)

    assert {(Money, Payable, Report)} == set(drawn(st.builds(pay)))


@pytest.mark.parametrize("kind", [Mapping, Sequence, Iterator])
def test_what_others_ask_for_is_never_one_of_ours(kind: type[object]) -> None:
    assert not [each for each in drawn(st.from_type(kind)) if type(each) in TYPES]


class Known(MetaPathFinder):
    """Finds one spec, whatever is looked for."""

    def __init__(self, spec: ModuleSpec | None) -> None:
        self.spec = spec

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return self.spec


class Counting(Loader):
    """Executes nothing, and keeps in mind what it was asked to."""

    def __init__(self) -> None:
        self.executed: list[str] = []

    def exec_module(self, module: ModuleType) -> None:
        self.executed.append(module.__name__)


Wait: TypeAlias = Callable[..., MetaPathFinder]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Wait:
    """Registers while the package is not imported yet, and only these finders are asked for it."""

    def wait(*specs: ModuleSpec | None) -> MetaPathFinder:
        monkeypatch.setattr(sys, "meta_path", [Known(spec) for spec in specs])
        with monkeypatch.context() as before:
            before.delitem(sys.modules, "paysession")
            _paysession_hypothesis.register()
        waiting = sys.meta_path[0]
        assert isinstance(waiting, MetaPathFinder)
        return waiting

    return wait


def test_the_package_is_found_as_it_would_be_and_nothing_else_is(wait: Wait) -> None:
    spec = ModuleSpec("paysession", Counting())
    waiting = wait(None, spec)
    assert waiting.find_spec("attrs", None) is None
    assert spec is waiting.find_spec("paysession", None)


def test_a_package_that_is_not_there_or_has_no_code_is_not_found(wait: Wait) -> None:
    waiting = wait(None, ModuleSpec("paysession", None))
    assert waiting.find_spec("paysession", None) is None


def test_types_are_registered_once_and_only_after_the_package_itself(
    wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered: list[str] = []
    monkeypatch.setattr(_paysession_hypothesis, "_register_types", lambda: registered.append("all"))
    loader = Counting()
    waiting = wait(ModuleSpec("paysession", loader))
    for _ in range(2):  # somebody looked before it was imported
        waiting.find_spec("paysession", None)
    loader.exec_module(ModuleType("paysession.errors"))
    assert [] == registered
    assert waiting in sys.meta_path
    for _ in range(2):
        loader.exec_module(ModuleType("paysession"))
    assert ["all"] == registered
    assert waiting not in sys.meta_path
    assert ["paysession.errors", "paysession", "paysession"] == loader.executed
