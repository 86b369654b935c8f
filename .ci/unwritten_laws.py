"""
Whether the tests of an adapter that is not written yet fail law by law.

Reads the report (JUnit's XML) of one run. Each test of a law that fails must begin with the law's
code and end with what is to be written, and hardly any law may hold of what does nothing.
"""

import re
import sys
from xml.etree import ElementTree as ET

LAW = re.compile(r"test_([a-z]+)_(\d+)_")
MOST_THAT_HOLD = 5


def main(report: str) -> int:
    """Print what came of the laws in the report of a file, and return the exit status."""
    laws = {code: case for case in ET.parse(report).iter("testcase") if (code := code_of(case))}
    said = {code: message(case) for code, case in laws.items() if failed(case)}
    silent = [code for code, text in said.items() if f"{code}: " not in text]
    held = [code for code, case in laws.items() if len(case) == 0]
    print(f"{len(laws)} laws: {len(said)} fail, {len(held)} hold: {', '.join(held) or 'none'}")
    if silent:
        print(f"These fail and do not say which law they are: {', '.join(silent)}")
    if len(held) > MOST_THAT_HOLD:
        print(f"More than {MOST_THAT_HOLD} laws hold of an adapter that is not written")
    return int(not said or bool(silent) or len(held) > MOST_THAT_HOLD)


def code_of(case: ET.Element) -> str | None:
    """The code of the law that a test is of, if it is of one."""
    named = LAW.match(case.get("name") or "")
    return f"{named[1].upper()}-{named[2]}" if named else None


def failed(case: ET.Element) -> bool:
    """Tell whether a test did not pass, and was not skipped."""
    return case.find("failure") is not None or case.find("error") is not None


def message(case: ET.Element) -> str:
    """What a test that failed has said."""
    return "".join(f"{each.get('message')}\n{each.text}" for each in case)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
