"""
Whether the tests of an adapter that is not written yet fail law by law.

Reads the report (JUnit's XML) of one run. Each test of a law that fails must begin with the law's
code, and hardly any law may hold of what does nothing but declare what it will do.
"""

import re
import sys
from xml.etree import ElementTree as ET

LAW = re.compile(r"test_([a-z]+)_(\d+)_")
MOST_THAT_HOLD = 0.1
"""Of those that are tried: what is declared fits together, and what is made shows no secret."""


def main(report: str) -> int:
    """Print what came of the laws in the report of a file, and return the exit status."""
    laws = {code: case for case in ET.parse(report).iter("testcase") if (code := code_of(case))}
    said = {code: message(case) for code, case in laws.items() if failed(case)}
    silent = [code for code, text in said.items() if f"{code}: " not in text]
    held = [code for code, case in laws.items() if not failed(case) and not skipped(case)]
    too_many = len(held) > MOST_THAT_HOLD * (len(said) + len(held))
    print(f"Not written yet: {len(said)} laws are broken, {len(held)} hold ({', '.join(held)})")
    if silent:
        print(f"These are broken, and do not say which law they are: {', '.join(silent)}")
    if too_many:
        print("So many hold of what does nothing that passing them proves little")
    return int(not said or bool(silent) or too_many)


def code_of(case: ET.Element) -> str | None:
    """The code of the law that a test is of, if it is of one."""
    named = LAW.match(case.get("name") or "")
    return f"{named[1].upper()}-{named[2]}" if named else None


def failed(case: ET.Element) -> bool:
    """Tell whether a test did not pass, and was not skipped."""
    return case.find("failure") is not None or case.find("error") is not None


def skipped(case: ET.Element) -> bool:
    """Tell whether a test was not tried."""
    return case.find("skipped") is not None


def message(case: ET.Element) -> str:
    """What a test that failed has said."""
    return "".join(f"{each.get('message')}\n{each.text}" for each in case if each.text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
