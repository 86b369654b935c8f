"""What the search for breaking input tries, and that it finds what it is meant to find."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from fuzz_inputs import _changed
from fuzz_targets import LONGEST, TARGETS, Fault, Target, count

SEED = 7
AROUND = 60


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_seed_and_what_is_near_it_is_taken_or_refused(target: Target) -> None:
    chance = random.Random(SEED)
    for seed in target.seeds:
        assert target.try_(seed)
        for _ in range(AROUND // len(target.seeds)):
            data = bytearray(seed)
            for _ in range(chance.randint(1, 4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            target.try_(bytes(data[: chance.randint(0, len(data))]))
            target.try_(bytes(data))
            target.try_(json.dumps(_changed(_said(seed), chance)).encode("utf-8", "surrogatepass"))


def _said(seed: bytes) -> object:
    try:
        return json.loads(seed)
    except ValueError:
        return seed.decode("latin-1")


def escaping(data: bytes) -> None:
    if b"fault" in data:
        raise ZeroDivisionError


def slow(data: bytes) -> None:
    if data == b"slow":
        for _ in range(2 * LONGEST):
            count()


@pytest.mark.parametrize(
    ("planted", "data", "said"),
    [(escaping, b"a fault", "planted: ZeroDivisionError"), (slow, b"slow", "seconds for b'slow'")],
)
def test_a_planted_fault_is_found(planted: Callable[[bytes], None], data: bytes, said: str) -> None:
    target = Target(
        name="planted",
        refusals=(ValueError,),
        seeds=(),
        calls=lambda data: iter([partial(planted, data)]),
    )
    assert ["NoneType"] == [each.outcome for each in target.try_(b"nothing")]
    with pytest.raises(Fault, match=said):
        target.try_(data)


def test_json_is_changed_in_one_place() -> None:
    said = {"a": [1, 2, {"b": "c"}], "d": None}
    changed = [_changed(said, random.Random(seed)) for seed in range(200)]
    assert {"a": [1, 2, {"b": "c"}], "d": None} == said
    assert len({repr(each) for each in changed}) > 50


def test_without_its_tool_it_says_what_to_install(tmp_path: Path) -> None:
    script = Path(__file__).with_name("fuzz_inputs.py")
    (tmp_path / "atheris.py").write_text("raise ImportError\n")
    path = f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['fuzz']"
    done = subprocess.run(
        [sys.executable, "-c", f"{path}; runpy.run_path({str(script)!r}, run_name='__main__')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (1, "this needs atheris: pip install atheris\n") == (done.returncode, done.stderr)
