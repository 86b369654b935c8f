"""Several adapters are proven in one run, and none of them is the worse for the others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from bogus_suite import AsyncBogusSuite, BogusSuite
from mutants.of_lost_answers import GuessesDeclined
from mutants.of_repeats import VoidsUnderItsOwnKeys
from unusual_gateways import IgnoresKeys

from paysession.testing._gateways import lost_answers, repeats
from paysession.testing._gateways.law import GatewayLaw
from paysession.testing._laws.law import laws_of
from paysession.testing._laws.verdicts import Verdict

TRIED: Sequence[GatewayLaw] = [
    each
    for each in laws_of(GatewayLaw, repeats, lost_answers)
    if each.code in {"IDEM-1", "IDEM-5", "UNK-1"}
]


class Right(BogusSuite):
    seed, examples = 7, 3


class RightAndAwaited(AsyncBogusSuite):
    seed, examples = 7, 3


class KnowsNoKeys(IgnoresKeys):
    seed, examples = 7, 3


class Guesses(BogusSuite):
    seed, examples = 7, 3
    bogus_class = GuessesDeclined


class Deviates(BogusSuite):
    seed, examples = 7, 3
    bogus_class = VoidsUnderItsOwnKeys
    deviations = MappingProxyType({"IDEM-1": "its provider knows no keys for voids"})


SUITES: Sequence[type[BogusSuite]] = (Right, Deviates, RightAndAwaited, Guesses, KnowsNoKeys)


def test_suites_that_are_tried_by_turns_find_what_each_of_them_finds_alone() -> None:
    alone = {each: [each().find(law).verdict for law in TRIED] for each in SUITES}
    suites = [each() for each in SUITES]
    by_turns = [[each.find(law).verdict for each in suites] for law in TRIED]
    assert alone == dict(zip(SUITES, map(list, zip(*by_turns, strict=True)), strict=True))
    of_first, of_guess = (
        dict(zip(SUITES, by_turns[index], strict=True))
        for index, law in enumerate(TRIED)
        if law.code in {"IDEM-1", "UNK-1"}
    )
    holds, broken, deviates = Verdict.HOLDS, Verdict.BROKEN, Verdict.DEVIATES
    assert [holds, deviates, holds, holds, Verdict.DOES_NOT_APPLY] == list(of_first.values())
    assert [holds, holds, holds, broken, holds] == list(of_guess.values())


ADAPTER = """
from paysession.gateways import BogusGateway
from paysession.testing import GatewayConformance


class Mine(BogusGateway):
    {method}


class TestMine(GatewayConformance[Mine]):
    gateway_class = Mine

    def make_gateway(self):
        return Mine()
"""
RIGHT = '"""As it is."""'
WRONG = "def look_up(self, request): return ()"


def test_two_packages_whose_tests_are_called_alike_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for name, method in {"test_right.py": RIGHT, "test_wrong.py": WRONG}.items():
        (tmp_path / name).write_text(ADAPTER.format(method=method), encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", "--tb=no"]
    own = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    told = subprocess.run(
        [*command, "-k", "look"], check=False, capture_output=True, text=True, cwd=tmp_path, env=own
    ).stdout
    failed = re.findall(r"^FAILED (\w+\.py)::TestMine::test_look_\d", told, re.MULTILINE)
    assert {"test_wrong.py"} == set(failed)
