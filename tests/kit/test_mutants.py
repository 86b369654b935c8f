"""Each law finds the fault that it is meant for, and says so by its own code."""

import inspect
from collections.abc import Iterator

import pytest
from hypothesis import settings
from mutants.of_honesty import CapturesDollarsAbove
from table_of_mutants import ALL, MANY, MEANT, MODULES, AnyMutant, suite_of

from paysession.gateways import AsyncBogusGateway, BogusGateway
from paysession.testing import LawBroken
from paysession.testing._gateways.laws import LAWS
from paysession.testing._laws.verdicts import Verdict


@pytest.fixture(autouse=True)
def drawn_and_not_shortened() -> Iterator[None]:
    before = settings.get_current_profile_name()
    settings.load_profile("mutants")
    yield
    settings.load_profile(before)


BY_CODE = {law.code: law for law in LAWS}


def named(value: object) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


@pytest.mark.parametrize(("code", "mutant"), MEANT, ids=named)
def test_a_law_fails_on_its_mutant(code: str, mutant: AnyMutant) -> None:
    suite = suite_of(mutant)
    type(suite).examples = MANY
    assert () == suite.missing(BY_CODE[code])
    with pytest.raises(LawBroken, match=f"^{code}: ") as caught:
        suite.try_law(BY_CODE[code])
    assert caught.value.story
    assert caught.value.see


def test_every_law_has_a_mutant() -> None:
    assert set(BY_CODE) == {code for module in MODULES for code in module.MUTANTS}


@pytest.mark.parametrize("mutant", ALL, ids=named)
def test_a_mutant_is_the_in_memory_gateway_with_one_method_changed(
    mutant: AnyMutant,
) -> None:
    methods = [name for name, each in vars(mutant).items() if inspect.isfunction(each)]
    lines = [
        line for name in methods for line in inspect.getsource(getattr(mutant, name)).split("\n")
    ]
    assert issubclass(mutant, BogusGateway | AsyncBogusGateway)
    assert 1 == len(methods)
    assert len([line for line in lines[1:] if line.strip()]) <= 10


@pytest.mark.parametrize("code", ["CAP-1", "CAP-7"])
def test_how_much_may_be_captured_is_asked_by_one_law_and_no_other_falls_over_it(code: str) -> None:
    suite = suite_of(CapturesDollarsAbove)
    suite.currencies = ("JPY",)
    finding = suite.find(BY_CODE[code])
    assert Verdict.DOES_NOT_APPLY is finding.verdict
    assert "see CAPY-4" in finding.note
