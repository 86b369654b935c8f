"""
Look for input that breaks the library: any bytes, guided by what they reach.

    python tests/simulation/fuzz_inputs.py [--runs N] [--only TARGET] [--seed N]

It needs atheris, which is no dependency of the tests: `pip install atheris`. The search is
libFuzzer's; the first fault ends it and says which bytes it was. Every so often, and at the
end, it prints how often each target was tried, and with what outcome.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

TOKENS = (
    "null", "true", "-1", "1e400", "NaN", "1E+999999", "\\u0000", "\\ud800", "USD", "JPY", "KWD",
    "10.001", "2026-11-20T12:00:00+00:00", "events", "what", "amount", "value", "currency",
    "fields", "webhook-id: ", "webhook-timestamp: ", "webhook-signature: ", "v1,", "t=", "v1=",
)  # fmt: skip
ODD: tuple[object, ...] = (
    None, True, 0, -1, 2**64, 10**63, "", "\0", "\ud800", "a" * 600, "4242424242424242", "NaN",
    "1E+999999", "10.001", "USD", "2026-11-20T12:00:00", [], [[]], {}, {"a": 1}, 0.5,
)  # fmt: skip
EVERY = 20_000


def main() -> None:
    """Search until the runs are over, or a fault is found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--only", type=int, help="the number of a target, from 0 on")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        atheris: Any = import_module("atheris")
    except ImportError:
        sys.exit("this needs atheris: pip install atheris")
    with atheris.instrument_imports(include=["paysession"]):
        targets = import_module("fuzz_targets").TARGETS
    search = Search(targets, options.only, options.runs)
    folder = Path(tempfile.mkdtemp())
    search.write_seeds(folder / "seeds")
    dictionary = folder / "tokens"
    dictionary.write_text("".join(f"{_quoted(each)}\n" for each in TOKENS))
    flags = [f"-runs={options.runs}", f"-seed={options.seed}", "-max_len=8192", "-timeout=60"]
    flags += [f"-dict={dictionary}", f"-artifact_prefix={folder}/", "-print_final_stats=1"]
    arguments = [sys.argv[0], *flags, str(folder / "seeds")]
    atheris.Setup(arguments, search.try_one, custom_mutator=mutator(atheris))
    atheris.Fuzz()


class Search:
    """Which target gets which bytes, and what came of it."""

    def __init__(self, targets: tuple[Any, ...], only: int | None, runs: int) -> None:
        self._targets = targets if only is None else targets[only : only + 1]
        self._most = runs
        self._runs: Counter[str] = Counter()
        self._seen: dict[str, Counter[str]] = {each.name: Counter() for each in self._targets}
        self._slowest = {each.name: 0.0 for each in self._targets}

    def write_seeds(self, corpus: Path) -> None:
        """Give the search something to start with."""
        corpus.mkdir()
        for number, target in enumerate(self._targets):
            for place, seed in enumerate(target.seeds):
                (corpus / f"{number}-{place}").write_bytes(bytes([number]) + seed)

    def try_one(self, data: bytes) -> None:
        """The first byte chooses the target."""
        target = self._targets[(data[0] if data else 0) % len(self._targets)]
        tried = target.try_(data[1:])
        self._seen[target.name].update(each.outcome for each in tried)
        self._slowest[target.name] = max(
            self._slowest[target.name], *(each.taken for each in tried)
        )
        self._runs[target.name] += 1
        if self._runs.total() % EVERY == 0 or self._runs.total() == self._most:
            self._report()

    def _report(self) -> None:
        print(f"{self._runs.total()} runs", flush=True)
        for name, seen in self._seen.items():
            slowest = f"the slowest call took {self._slowest[name] * 1000:.1f} ms"
            print(f"    {name}: {self._runs[name]} runs, {slowest}", flush=True)
            for outcome, times in sorted(seen.items()):
                print(f"        {outcome} {times}", flush=True)


def mutator(atheris: Any) -> Any:
    """Change JSON as JSON half of the time, and as bytes otherwise."""

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        target, content = data[:1], data[1:]
        if chance.random() < 0.5:
            try:
                said = json.loads(content)
                for _ in range(chance.choice((1, 1, 2, 4))):
                    said = _changed(said, chance)
                changed = json.dumps(said).encode("utf-8", "surrogatepass")
            except (ValueError, RecursionError):
                pass
            else:
                return (target + changed)[:most]
        return bytes(atheris.Mutate(data, most))

    return mutated


def _changed(value: Any, chance: random.Random) -> Any:
    """The same with one value within it exchanged, dropped, doubled or moved."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.15:
        return chance.choice(ODD)
    key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
    copied, lot = value.copy(), chance.random()
    if lot < 0.1:
        del copied[key]
    elif lot < 0.4 and isinstance(copied, list):
        _mix(copied, chance)
    else:
        copied[key] = _changed(value[key], chance)
    return copied


def _mix(items: list[Any], chance: random.Random) -> None:
    """Double one, let two change places, or say of one what is said of another."""
    one, other = chance.randrange(len(items)), chance.randrange(len(items))
    lot = chance.randrange(3)
    if lot == 0:
        items.append(items[one])
    elif lot == 1:
        items[one], items[other] = items[other], items[one]
    elif isinstance(items[one], dict) and isinstance(items[other], dict) and items[other]:
        name = chance.choice(list(items[other]))
        items[one] = {**items[one], name: items[other][name]}


def _quoted(token: str) -> str:
    """As libFuzzer's dictionaries are written."""
    return json.dumps(token)


if __name__ == "__main__":
    main()
