import copy
import pickle
from fractions import Fraction
from itertools import product
from operator import neg
from typing import Any

import attrs
import pytest

from paysession._money import ADYEN, ISO, STRIPE, Currency, MinorUnits, Money
from paysession.errors import AmountNotRepresentable, UnknownCurrency, UnsafeInput


@pytest.mark.parametrize(
    ("profile", "amount", "currency", "units"),
    [
        (ISO, "10.50", "USD", 1050),
        (ISO, "10.5", "MGA", 1050),
        (ISO, "5", "ISK", 5),
        (STRIPE, "10.50", "USD", 1050),
        (STRIPE, "1000", "JPY", 1000),
        (STRIPE, "10", "MGA", 10),
        (STRIPE, "5", "ISK", 500),
        (STRIPE, "5", "UGX", 500),
        (STRIPE, "5.120", "KWD", 5120),
        (STRIPE, "-5", "ISK", -500),
        (ADYEN, "10", "CLP", 1000),
        (ADYEN, "10", "CVE", 10),
        (ADYEN, "1500", "IDR", 1500),
        (ADYEN, "10", "ISK", 1000),
        (ADYEN, "-10", "IDR", -10),
        (ADYEN, "1.234", "KWD", 1234),
    ],
)
def test_an_amount_is_translated_exactly_both_ways(
    profile: MinorUnits, amount: Any, currency: str, units: Any
) -> None:
    assert units == profile.to_provider(Money(amount, currency))
    assert Money(amount, currency) == profile.from_provider(units, currency)


EDGES = [0, 1, 9, 10, 99, 100, 101, 1_000, 12_345, 10**8, 10**16, 10**18 - 1, 10**18]


@pytest.mark.parametrize("profile", [ISO, STRIPE, ADYEN], ids=lambda profile: profile.name)
def test_every_amount_of_every_currency_arrives_as_it_was_sent_or_is_refused(
    profile: MinorUnits,
) -> None:
    for minor, currency in product((*EDGES, *map(neg, EDGES)), Currency.known()):
        money = Money.from_minor(minor, currency)
        unit = Fraction(profile.step(currency), 10 ** profile.exponent(currency))
        if Fraction(money.amount) % unit:
            with pytest.raises(AmountNotRepresentable):
                profile.to_provider(money)
        else:
            sent = profile.to_provider(money)
            assert Fraction(money.amount) == Fraction(sent, 10 ** profile.exponent(currency))
            assert money == profile.from_provider(sent, currency)


@pytest.mark.parametrize("profile", [ISO, STRIPE, ADYEN], ids=lambda profile: profile.name)
def test_every_amount_that_a_provider_tells_is_read_exactly_or_refused(
    profile: MinorUnits,
) -> None:
    for units, currency in product((*EDGES, *map(neg, EDGES)), Currency.known()):
        told = Fraction(units, 10 ** profile.exponent(currency))
        minor = told * 10**currency.digits
        if minor.denominator > 1 or abs(minor) > 10**18:
            with pytest.raises(AmountNotRepresentable):
                profile.from_provider(units, currency)
        else:
            assert told == Fraction(profile.from_provider(units, currency).amount)


STRIPE_WITHOUT_DECIMALS = [
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
]


@pytest.mark.parametrize("code", STRIPE_WITHOUT_DECIMALS)
def test_stripe_counts_some_currencies_without_decimals(code: str) -> None:
    assert (0, 1) == (STRIPE.exponent(code), STRIPE.step(code))


@pytest.mark.parametrize("code", ["ISK", "UGX"])
def test_stripe_wants_whole_hundreds_of_two_currencies(code: str) -> None:
    assert (2, 100) == (STRIPE.exponent(code), STRIPE.step(code))


@pytest.mark.parametrize("code", ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
def test_stripe_wants_three_decimals_to_end_in_zero(code: str) -> None:
    assert (3, 10) == (STRIPE.exponent(code), STRIPE.step(code))


def test_adyen_differs_from_iso_in_four_currencies() -> None:
    different = {
        currency.code: ADYEN.exponent(currency)
        for currency in Currency.known()
        if ADYEN.exponent(currency) != currency.digits
    }
    assert {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2} == different


def test_iso_has_no_exceptions() -> None:
    assert all(ISO.exponent(currency) == currency.digits for currency in Currency.known())
    assert {1} == {ISO.step(currency) for currency in Currency.known()}


@pytest.mark.parametrize(
    ("profile", "amount", "currency", "reason"),
    [
        (STRIPE, "10.50", "MGA", "MGA has 0 decimals there"),
        (STRIPE, "5.124", "KWD", "KWD goes there in multiples of 10"),
        (ADYEN, "0.01", "CVE", "CVE has 0 decimals there"),
        (ADYEN, "-99.99", "IDR", "IDR has 0 decimals there"),
    ],
)
def test_an_amount_finer_than_the_providers_unit_is_refused(
    profile: MinorUnits, amount: Any, currency: str, reason: str
) -> None:
    with pytest.raises(AmountNotRepresentable, match=reason) as caught:
        profile.to_provider(Money(amount, currency))
    assert Money(amount, currency) == caught.value.amount
    assert profile.name == caught.value.profile


@pytest.mark.parametrize(
    ("profile", "units", "currency"),
    [
        (STRIPE, 150, "UGX"),
        (STRIPE, -150, "ISK"),
        (ADYEN, 1, "CLP"),
        (ISO, 10**18 + 1, "USD"),
        (ADYEN, -(10**17), "IDR"),
        pytest.param(ISO, -(10**100_000), "USD", id="enormous"),
    ],
)
def test_a_providers_amount_that_the_currency_cannot_hold_is_refused(
    profile: MinorUnits, units: Any, currency: str
) -> None:
    with pytest.raises(AmountNotRepresentable, match=f"{currency} cannot hold") as caught:
        profile.from_provider(units, currency)
    assert str(caught.value.amount).endswith(f"units of {currency}")
    assert len(str(caught.value)) < 300


def test_the_refusal_names_what_the_provider_said() -> None:
    with pytest.raises(AmountNotRepresentable, match="150 units of UGX does not fit"):
        STRIPE.from_provider(150, "UGX")


def test_a_provider_may_report_what_it_would_not_accept() -> None:
    assert Money("5.124", "KWD") == STRIPE.from_provider(5124, "KWD")


@pytest.mark.parametrize("units", [1.0, True, "100", None])
def test_a_providers_amount_is_an_integer(units: Any) -> None:
    with pytest.raises(TypeError, match="a provider's amount is an int"):
        ISO.from_provider(units, "USD")


def test_a_providers_currency_is_known() -> None:
    with pytest.raises(UnknownCurrency):
        ISO.from_provider(100, "usd")


def test_a_profile_of_ones_own_names_the_exceptions() -> None:
    profile = MinorUnits(name="acme", exponents={"USD": 4, "HUF": 0}, steps={"HUF": 5})
    assert 105_000 == profile.to_provider(Money("10.5", "USD"))
    assert Money("10.5", "USD") == profile.from_provider(105_000, "USD")
    assert 15 == profile.to_provider(Money("15", "HUF"))
    with pytest.raises(AmountNotRepresentable, match="multiples of 5"):
        profile.to_provider(Money("16", "HUF"))


@pytest.mark.parametrize(
    ("exceptions", "error", "field"),
    [
        ({"exponents": {"USD": -1}}, UnsafeInput, "exponents"),
        ({"exponents": {"USD": 9}}, UnsafeInput, "exponents"),
        ({"exponents": {"usd": 2}}, UnknownCurrency, "usd"),
        ({"exponents": {"USD": True}}, TypeError, "each of exponents"),
        ({"steps": {"USD": 0}}, UnsafeInput, "steps"),
        ({"steps": {"USD": 10**8 + 1}}, UnsafeInput, "steps"),
        ({"steps": {"USD": 1.0}}, TypeError, "each of steps"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(
    exceptions: dict[str, Any], error: type[Exception], field: str
) -> None:
    with pytest.raises(error, match=field):
        MinorUnits(name="acme", **exceptions)


def test_a_profile_is_a_value() -> None:
    again = [
        copy.deepcopy(STRIPE),
        pickle.loads(pickle.dumps(STRIPE)),
        attrs.evolve(STRIPE),
        MinorUnits(name="stripe", exponents=dict(STRIPE.exponents), steps=dict(STRIPE.steps)),
    ]
    assert {STRIPE} == set(again)
    assert STRIPE != ADYEN
