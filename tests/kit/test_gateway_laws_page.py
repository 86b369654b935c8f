"""
The page of the documentation that lists the laws of a gateway is the list of the laws.

Write it anew with:

    python tests/kit/test_gateway_laws_page.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import laws_page

from paysession.testing._gateways.law import GatewayLaw
from paysession.testing._gateways.laws import LAWS

PAGE = Path(__file__).parents[2] / "docs" / "gateway-laws.md"

HEADING = (
    "# The laws of a gateway",
    "",
    "Each is a test of `GatewayConformance`, under its code. A source such as I32 is an invariant",
    "([what always holds](invariants.md)), F45 a fault that the simulator puts in, a name with a",
    "number an issue in which a shop learnt it; else it is where a provider says so.",
    "",
    "A law applies to a gateway that has the methods which it needs: `sale` is a session or a",
    "charge, whichever there is, `movement` a capture, void or refund, `word` a look-up or a",
    "notification; `await` says that the gateway is asynchronous. A control is a method of the",
    "suite that its author writes, a capability what the gateway declares, or must not declare.",
    "",
    "A code never comes to mean anything else. A minor version may bring new laws; since when each",
    "is there is said beside it. This page is generated from the laws.",
)

AREAS = {
    "SES": "Sessions",
    "AUTH": "Holding money, and taking it at once",
    "CHG": "Charging a stored source",
    "SET": "Storing a source",
    "DECL": "Declines",
    "CAP": "Taking what is held",
    "VOID": "Letting go what is held",
    "REF": "Giving back",
    "AMT": "Amounts and currencies",
    "IDEM": "The same key again",
    "SIDE": "Side by side: processes, calls, sessions",
    "UNK": "Answers that nobody heard",
    "LOOK": "Looking up",
    "NOTE": "Notifications",
    "CAPY": "What is declared, and what is not",
    "SEC": "Secrets",
    "TIME": "Time",
    "TOT": "Nothing but answers of the port",
    "ANY": "Any calls in any order",
}


def needed(law: GatewayLaw) -> Iterator[str]:
    yield from (f"`{each}`" for each in sorted(law.needs))
    if law.lacks:
        yield "a method that is not offered"


def page() -> str:
    return laws_page.page(HEADING, AREAS, LAWS, needed)


def test_the_page_lists_every_law() -> None:
    assert page() == PAGE.read_text(encoding="utf-8")
    assert {law.area for law in LAWS} == AREAS.keys()


def test_what_a_law_says_fits_into_a_table() -> None:
    told = [(law.sentence, law.reason, law.source) for law in LAWS]
    assert [] == [each for each in told if "|" in "".join(each) or "\n" in "".join(each)]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
