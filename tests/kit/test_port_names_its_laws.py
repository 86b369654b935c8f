"""The contract of each method of the port names the laws by which it is tried."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from paysession.gateways import AsyncGateway, Gateway
from paysession.gateways.port import METHODS
from paysession.testing._gateways.law import GatewayLaw
from paysession.testing._gateways.laws import LAWS

RANGE = re.compile(r"\b([A-Z]+)-(\d+)(?:\s+to\s+[A-Z]+-(\d+))?")


def named_in(text: str) -> Iterator[str]:
    for area, first, last in RANGE.findall(text):
        yield from (f"{area}-{number}" for number in range(int(first), int(last or first) + 1))


def contract(method: str) -> str:
    return str(getattr(Gateway, method).__doc__)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.code)
def test_a_law_is_named_where_it_stands(law: GatewayLaw) -> None:
    of_all = re.findall(r"\(([A-Z]+)\)", str(Gateway.__doc__))
    assert law.area in of_all or law.code in named_in(contract(law.about))


def test_no_contract_names_a_law_that_there_is_not() -> None:
    named = {code for method in vars(Gateway) for code in named_in(contract(method))}
    assert named <= {law.code for law in LAWS}


@pytest.mark.parametrize("method", METHODS)
def test_both_ports_have_one_contract(method: str) -> None:
    assert contract(method) == getattr(AsyncGateway, method).__doc__
