"""
Try every law on every mutant, and print which of them finds which.

    python tests/kit/table_of_mutants.py            # all of them, some minutes
    python tests/kit/table_of_mutants.py --every 9  # a sample: every ninth mutant

No mutant may survive, each law must fail on the mutant that is meant for it, no two laws may
fail on the very same mutants (they are one), and none on more than a third of all (it is two).
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from typing import TypeAlias

import attrs
import mutants
from bogus_suite import AsyncBogusSuite, BogusSuite
from hypothesis import Phase, settings

from paysession.gateways import AsyncBogusGateway, BogusGateway
from paysession.testing._gateways.laws import LAWS
from paysession.testing._laws.verdicts import Verdict

AnyMutant: TypeAlias = type[BogusGateway] | type[AsyncBogusGateway]

MODULES = [
    importlib.import_module(f"mutants.{each.name}")
    for each in pkgutil.iter_modules(mutants.__path__)
]
MEANT: list[tuple[str, AnyMutant]] = [
    *(pair for module in MODULES for pair in module.MUTANTS.items()),
    *(pair for module in MODULES for pair in getattr(module, "ALSO", ())),
]
"""Each law that a mutant is meant for, and the mutant."""

ALL = sorted({mutant for _, mutant in MEANT}, key=lambda mutant: mutant.__name__)

FEW, MANY = 3, 20
"""Examples of a law that a mutant is not meant for, and of one that it is."""

settings.register_profile(
    "mutants", max_examples=50, derandomize=True, database=None, phases=[Phase.generate]
)


def suite_of(mutant: AnyMutant) -> BogusSuite:
    """The suite that puts a mutant on trial."""
    base = AsyncBogusSuite if issubclass(mutant, AsyncBogusGateway) else BogusSuite
    kind = type(mutant.__name__, (base,), {"bogus_class": mutant, "patience_seconds": 2.0})
    return kind()  # type: ignore[no-any-return]


def found(mutant: AnyMutant) -> frozenset[str]:
    """The codes of the laws that a mutant breaks; what it raises beside is no finding."""
    settings.load_profile("mutants")
    suite = suite_of(mutant)
    with redirect_stdout(StringIO()):  # some of them print what nobody may see
        codes = sorted((law.code for law in LAWS), key=lambda code: (code, mutant) not in MEANT)
        return frozenset(code for code in codes if _breaks(suite, code))


def _breaks(suite: BogusSuite, code: str) -> bool:
    law = next(law for law in LAWS if law.code == code)
    type(suite).examples = MANY if (code, suite.bogus_class) in MEANT else FEW
    try:
        return suite.find(law).verdict is Verdict.BROKEN
    except Exception as error:
        print(f"{type(suite).__name__}, {code}: {type(error).__name__}: {error}", file=sys.stderr)
        return False


@attrs.frozen
class Table:
    """Which law fails on which mutants."""

    rows: dict[str, frozenset[str]]

    @property
    def columns(self) -> dict[str, frozenset[str]]:
        """The mutants that each law fails on."""
        return {
            law.code: frozenset(name for name, codes in self.rows.items() if law.code in codes)
            for law in LAWS
        }

    def printed(self) -> Iterator[str]:
        """A row for each mutant; the laws stand above it from the top down."""
        width = max(map(len, self.rows))
        codes = [law.code for law in LAWS]
        for place in range(max(map(len, codes))):
            yield " " * width + " " + "".join(code.ljust(12)[place] for code in codes).rstrip()
        for name, broken in sorted(self.rows.items()):
            yield (
                name.ljust(width) + " " + "".join("x" if code in broken else "." for code in codes)
            )

    def faults(self) -> Iterator[str]:
        """What is wrong with the laws or the mutants."""
        for name, broken in self.rows.items():
            if not broken:
                yield f"{name} survives"
        for code, mutant in MEANT:
            if code not in self.rows.get(mutant.__name__, {code}):
                yield f"{code} does not fail on {mutant.__name__}"
        if len(self.rows) == len(ALL):
            yield from self._faults_of_laws()

    def _faults_of_laws(self) -> Iterator[str]:
        columns = self.columns
        seen: dict[frozenset[str], str] = {}
        for code, names in columns.items():
            if not names:
                yield f"{code} fails on no mutant"
            elif names in seen:
                yield f"{code} fails on the same mutants as {seen[names]}: they are one"
            if len(names) * 3 > len(self.rows):
                yield f"{code} fails on {len(names)} of {len(self.rows)} mutants: split it"
            seen.setdefault(names, code)


def tabled(mutants_tried: Sequence[AnyMutant]) -> Table:
    """Try every law on every mutant, on both cores."""
    with ProcessPoolExecutor(2) as pool:
        rows = pool.map(found, mutants_tried, chunksize=1)
        return Table(
            {mutant.__name__: row for mutant, row in zip(mutants_tried, rows, strict=True)}
        )


def main(arguments: Sequence[str]) -> int:
    """Print the table, and what is wrong with it."""
    every = int(arguments[1]) if arguments[:1] == ["--every"] else 1
    table = tabled(ALL[::every])
    print("\n".join(table.printed()))
    faults = list(table.faults())
    print(*(f"FAULT: {each}" for each in faults), sep="\n")
    print(f"{len(LAWS)} laws, {len(table.rows)} mutants, {len(faults)} faults")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
