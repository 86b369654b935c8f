"""Ctrl-C ends `paysession simulate` with what it came to, and nobody works on for nobody."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

PATIENCE_SECONDS = 60
# A shell that runs these tests in the background lets its children ignore Ctrl-C.
RUN = """
import signal, sys
from paysession._cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""
LINE = ("simulate", "--seeds", "200", "--profile", "stripe", "--faults", "none", "--jobs", "2")


def begun() -> subprocess.Popen[str]:
    """Begin to simulate in two processes, and wait until they have told of something."""
    command = [sys.executable, "-c", RUN, *LINE]
    simulating = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert simulating.stdout is not None
    assert re.fullmatch(r"\d+ of 200 runs\n", simulating.stdout.readline())
    return simulating


def all_written(simulating: subprocess.Popen[str]) -> tuple[str, str]:
    """Return what was written; that ends when nobody is left who could write more."""
    return simulating.communicate(timeout=PATIENCE_SECONDS)


def test_ctrl_c_ends_with_what_was_run_so_far_and_leaves_no_process() -> None:
    simulating = begun()
    simulating.send_signal(signal.SIGINT)
    told, complaints = all_written(simulating)
    assert (130, "") == (simulating.returncode, complaints)
    assert "violations: 0\n" in told
    assert re.search(r"^interrupted after \d+ of 200 runs$", told, re.MULTILINE)


def test_when_the_one_that_waits_is_killed_the_others_end_as_well() -> None:
    simulating = begun()
    simulating.kill()
    all_written(simulating)
    assert -signal.SIGKILL == simulating.returncode
