from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest

from paysession._domain.failures import (
    ADVICE,
    ADYEN,
    ANSWERS,
    ISO8583,
    STRIPE,
    Actor,
    Failure,
    FailureCode,
    Retry,
)

GENERIC = "The payment was declined. Please use another payment method."

CLASSES = {
    "insufficient_funds": (False, "later", 24, "customer"),
    "issuer_unavailable": (False, "soon", None, "nobody"),
    "processing_error": (False, "same_key", None, "nobody"),
    "authentication_required": (False, "after_authentication", None, "customer"),
    "authentication_failed": (False, "new_attempt", None, "customer"),
    "invalid_card_data": (True, "no", None, "customer"),
    "expired_card": (True, "no", None, "customer"),
    "limit_exceeded": (False, "later", 24, "customer"),
    "not_supported": (True, "no", None, "customer"),
    "lost_or_stolen": (True, "never", None, "nobody"),
    "suspected_fraud": (True, "never", None, "merchant"),
    "account_closed": (True, "never", None, "customer"),
    "revoked": (True, "never", None, "customer"),
    "do_not_honor": (False, "spaced", None, "bank"),
    "duplicate": (True, "after_look_up", None, "system"),
    "merchant_config": (True, "no", None, "developer"),
    "invalid_amount": (True, "no", None, "developer"),
    "customer_canceled": (False, "new_session", None, "customer"),
    "risk_blocked": (True, "after_review", None, "merchant"),
    "unknown_decline": (False, "no", None, "customer"),
}

STRIPE_FACTS = {
    "approve_with_id": "do_not_honor",
    "authentication_required": "authentication_required",
    "authentication_not_handled": "authentication_failed",
    "call_issuer": "do_not_honor",
    "card_not_supported": "not_supported",
    "card_velocity_exceeded": "limit_exceeded",
    "currency_not_supported": "not_supported",
    "do_not_honor": "do_not_honor",
    "do_not_try_again": "do_not_honor",
    "duplicate_transaction": "duplicate",
    "expired_card": "expired_card",
    "fraudulent": "suspected_fraud",
    "generic_decline": "do_not_honor",
    "incorrect_address": "invalid_card_data",
    "incorrect_number": "invalid_card_data",
    "incorrect_cvc": "invalid_card_data",
    "incorrect_pin": "invalid_card_data",
    "incorrect_zip": "invalid_card_data",
    "insufficient_funds": "insufficient_funds",
    "invalid_account": "account_closed",
    "invalid_amount": "invalid_amount",
    "invalid_cvc": "invalid_card_data",
    "invalid_expiry_month": "invalid_card_data",
    "invalid_expiry_year": "invalid_card_data",
    "invalid_number": "invalid_card_data",
    "invalid_pin": "invalid_card_data",
    "issuer_not_available": "issuer_unavailable",
    "lost_card": "lost_or_stolen",
    "merchant_blacklist": "risk_blocked",
    "new_account_information_available": "do_not_honor",
    "no_action_taken": "do_not_honor",
    "not_permitted": "not_supported",
    "offline_pin_required": "authentication_required",
    "online_or_offline_pin_required": "authentication_required",
    "pickup_card": "lost_or_stolen",
    "pin_try_exceeded": "limit_exceeded",
    "processing_error": "processing_error",
    "reenter_transaction": "processing_error",
    "restricted_card": "lost_or_stolen",
    "revocation_of_all_authorizations": "revoked",
    "revocation_of_authorization": "revoked",
    "security_violation": "do_not_honor",
    "service_not_allowed": "not_supported",
    "stolen_card": "lost_or_stolen",
    "stop_payment_order": "revoked",
    "testmode_decline": "merchant_config",
    "transaction_not_allowed": "not_supported",
    "try_again_later": "issuer_unavailable",
    "withdrawal_count_limit_exceeded": "limit_exceeded",
}

ADYEN_FACTS = {
    "2": "do_not_honor",
    "3": "do_not_honor",
    "4": "processing_error",
    "5": "lost_or_stolen",
    "6": "expired_card",
    "7": "invalid_amount",
    "8": "invalid_card_data",
    "9": "issuer_unavailable",
    "10": "not_supported",
    "11": "authentication_failed",
    "12": "insufficient_funds",
    "14": "suspected_fraud",
    "15": "customer_canceled",
    "16": "customer_canceled",
    "17": "invalid_card_data",
    "18": "limit_exceeded",
    "19": "processing_error",
    "20": "risk_blocked",
    "21": "merchant_config",
    "22": "risk_blocked",
    "23": "not_supported",
    "24": "invalid_card_data",
    "25": "lost_or_stolen",
    "26": "revoked",
    "27": "do_not_honor",
    "28": "limit_exceeded",
    "29": "limit_exceeded",
    "31": "suspected_fraud",
    "32": "invalid_card_data",
    "33": "authentication_required",
    "34": "account_closed",
    "35": "account_closed",
    "36": "authentication_required",
    "37": "authentication_required",
    "38": "authentication_required",
    "39": "authentication_failed",
    "40": "processing_error",
    "41": "processing_error",
    "42": "authentication_failed",
}

ISO8583_FACTS = {
    "01": "do_not_honor",
    "02": "do_not_honor",
    "03": "merchant_config",
    "04": "lost_or_stolen",
    "05": "do_not_honor",
    "06": "processing_error",
    "07": "lost_or_stolen",
    "12": "not_supported",
    "13": "invalid_amount",
    "14": "invalid_card_data",
    "15": "invalid_card_data",
    "19": "processing_error",
    "30": "merchant_config",
    "33": "expired_card",
    "34": "suspected_fraud",
    "36": "lost_or_stolen",
    "39": "account_closed",
    "41": "lost_or_stolen",
    "43": "lost_or_stolen",
    "46": "account_closed",
    "51": "insufficient_funds",
    "52": "account_closed",
    "53": "account_closed",
    "54": "expired_card",
    "55": "invalid_card_data",
    "57": "not_supported",
    "58": "merchant_config",
    "59": "suspected_fraud",
    "61": "limit_exceeded",
    "62": "lost_or_stolen",
    "63": "do_not_honor",
    "65": "limit_exceeded",
    "68": "issuer_unavailable",
    "70": "authentication_required",
    "75": "limit_exceeded",
    "78": "not_supported",
    "82": "invalid_card_data",
    "91": "issuer_unavailable",
    "92": "merchant_config",
    "93": "not_supported",
    "94": "duplicate",
    "96": "processing_error",
    "1A": "authentication_required",
    "6P": "authentication_failed",
    "N7": "invalid_card_data",
    "R0": "revoked",
    "R1": "revoked",
    "R3": "revoked",
}

ADVICE_FACTS = {
    "confirm_card_data": (True, "no", None),
    "do_not_try_again": (True, "never", None),
    "try_again_later": (False, "later", None),
    "01": (False, "after_update", None),
    "02": (False, "later", 72),
    "03": (True, "never", None),
    "04": (True, "no", None),
    "21": (True, "never", None),
    "24": (False, "later", 1),
    "25": (False, "later", 24),
    "26": (False, "later", 2 * 24),
    "27": (False, "later", 4 * 24),
    "28": (False, "later", 6 * 24),
    "29": (False, "later", 8 * 24),
    "30": (False, "later", 10 * 24),
    "40": (True, "no", None),
    "41": (True, "no", None),
    "visa_category_1": (True, "never", None),
}


def hours(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(hours=count)


def test_every_class_has_its_four_answers() -> None:
    answers = {
        code: (answer.is_hard, answer.retry, answer.retry_after, answer.who_must_act)
        for code, answer in ANSWERS.items()
    }
    expected = {
        FailureCode(code): (hard, Retry(retry), hours(wait), Actor(actor))
        for code, (hard, retry, wait, actor) in CLASSES.items()
    }
    assert expected == answers
    assert set(FailureCode) == set(ANSWERS)


@pytest.mark.parametrize("code", FailureCode)
def test_a_failure_gives_the_answers_of_its_class(code: FailureCode) -> None:
    failure = Failure(code)
    hard, retry, wait, actor = CLASSES[code]
    answers = (failure.is_hard, failure.retry, failure.retry_after, failure.who_must_act)
    assert (hard, retry, hours(wait), actor) == answers


@pytest.mark.parametrize("code", FailureCode)
def test_the_customer_reads_whole_sentences(code: FailureCode) -> None:
    shown = Failure(code).shown_to_customer
    assert shown[0].isupper()
    assert shown.endswith(".")
    assert "  " not in shown


@pytest.mark.parametrize(
    "code",
    ["lost_or_stolen", "suspected_fraud", "account_closed", "revoked", "risk_blocked"],
)
@pytest.mark.parametrize("advice", [None, "01", "03", "confirm_card_data"])
def test_the_customer_never_reads_why_a_card_is_not_trusted(code: str, advice: str | None) -> None:
    assert GENERIC == Failure(FailureCode(code), advice=advice).shown_to_customer


def test_a_decline_nobody_knows_reads_like_a_card_that_is_not_trusted() -> None:
    assert GENERIC == Failure(FailureCode.UNKNOWN_DECLINE).shown_to_customer


def test_no_text_names_a_suspicion() -> None:
    texts = " ".join(answer.shown_to_customer for answer in ANSWERS.values()).lower()
    assert [] == [word for word in ("lost", "stolen", "fraud", "closed", "risk") if word in texts]


def test_stripe_codes_have_their_classes() -> None:
    assert STRIPE_FACTS == STRIPE
    assert {code: Failure.from_stripe(code).code for code in STRIPE} == STRIPE


def test_adyen_codes_have_their_classes() -> None:
    assert ADYEN_FACTS == ADYEN
    assert {code: Failure.from_adyen(code).code for code in ADYEN} == ADYEN
    assert {code: Failure.from_adyen(int(code)).code for code in ADYEN} == ADYEN


def test_iso8583_codes_have_their_classes() -> None:
    assert ISO8583_FACTS == ISO8583
    assert {code: Failure.from_iso8583(code).code for code in ISO8583} == ISO8583


@pytest.mark.parametrize("table", [ADVICE, ADYEN, ANSWERS, ISO8583, STRIPE])
def test_a_table_is_read_only(table: dict[str, FailureCode]) -> None:
    with pytest.raises(TypeError):
        table["new"] = FailureCode.DO_NOT_HONOR


def test_every_advice_is_known() -> None:
    assert set(ADVICE_FACTS) == set(ADVICE)


@pytest.mark.parametrize("advice", ADVICE_FACTS)
@pytest.mark.parametrize("code", ["issuer_unavailable", "lost_or_stolen", "expired_card"])
def test_advice_overrides_the_class(code: str, advice: str) -> None:
    failure = Failure(FailureCode(code), advice=advice)
    hard, retry, wait = ADVICE_FACTS[advice]
    assert (hard, retry, hours(wait)) == (failure.is_hard, failure.retry, failure.retry_after)


def test_later_without_a_time_keeps_the_time_of_the_class() -> None:
    failure = Failure.from_stripe("insufficient_funds", advice_code="try_again_later")
    assert (Retry.LATER, timedelta(hours=24)) == (failure.retry, failure.retry_after)


def test_advice_names_who_must_act_or_leaves_it_to_the_class() -> None:
    told = Failure.from_stripe("generic_decline", advice_code="confirm_card_data")
    untold = Failure.from_stripe("generic_decline", advice_code="do_not_try_again")
    assert (Actor.CUSTOMER, Actor.BANK) == (told.who_must_act, untold.who_must_act)


def test_advice_nobody_knows_is_kept_and_changes_nothing() -> None:
    failure = Failure.from_iso8583("51", mastercard_advice="99")
    assert "99" == failure.advice
    assert (False, Retry.LATER) == (failure.is_hard, failure.retry)


def test_stripes_do_not_try_again_is_advice_even_as_a_code() -> None:
    failure = Failure.from_stripe("do_not_try_again")
    assert (FailureCode.DO_NOT_HONOR, Retry.NEVER) == (failure.code, failure.retry)


def test_advice_stripe_gives_beside_do_not_try_again_is_kept() -> None:
    assert "03" == Failure.from_stripe("do_not_try_again", advice_code="03").advice


def test_adyen_passes_on_mastercards_advice() -> None:
    assert timedelta(days=2) == Failure.from_adyen("12", mastercard_advice="26").retry_after


def test_visas_first_category_is_never_tried_again() -> None:
    assert Retry.NEVER == Failure.from_iso8583("05", visa_category=1).retry
    assert Retry.SPACED == Failure.from_iso8583("05", visa_category=2).retry


def test_mastercards_advice_goes_before_visas_category() -> None:
    assert "24" == Failure.from_iso8583("05", mastercard_advice="24", visa_category=1).advice


@pytest.mark.parametrize(
    ("scheme", "country", "code"),
    [
        ("mastercard", "DE", "authentication_required"),
        ("Maestro", "GB", "authentication_required"),
        ("mastercard", "US", "limit_exceeded"),
        ("visa", "DE", "limit_exceeded"),
        (None, "DE", "limit_exceeded"),
        ("mastercard", None, "limit_exceeded"),
    ],
)
def test_code_65_depends_on_scheme_and_country(
    scheme: str | None, country: str | None, code: str
) -> None:
    failure = Failure.from_iso8583("65", scheme=scheme, issuer_country=country)
    assert (code, "65") == (failure.code, failure.raw_code)


def test_scheme_and_country_do_not_matter_to_other_codes() -> None:
    failure = Failure.from_iso8583("51", scheme="mastercard", issuer_country="DE")
    assert FailureCode.INSUFFICIENT_FUNDS == failure.code


@pytest.mark.parametrize(
    "classify", [Failure.from_stripe, Failure.from_adyen, Failure.from_iso8583]
)
@pytest.mark.parametrize("code", ["brand_new", "0", "", None])
def test_a_code_nobody_knows_is_kept_and_never_retryable(
    classify: Callable[[str | None], Failure], code: str | None
) -> None:
    failure = classify(code)
    assert (FailureCode.UNKNOWN_DECLINE, code) == (failure.code, failure.raw_code)
    assert (False, Retry.NO) == (failure.is_retryable, failure.retry)


@pytest.mark.parametrize("advice", ADVICE)
def test_no_advice_makes_an_unknown_code_retryable(advice: str) -> None:
    assert Failure.from_stripe("brand_new", advice_code=advice).retry in {Retry.NO, Retry.NEVER}


@pytest.mark.parametrize("advice", ADVICE)
def test_no_advice_allows_a_duplicate_before_a_look_up(advice: str) -> None:
    failure = Failure.from_iso8583("94", mastercard_advice=advice)
    assert (True, Retry.AFTER_LOOK_UP) == (failure.means_unknown, failure.retry)


def test_only_a_duplicate_means_that_the_money_may_have_moved() -> None:
    assert [FailureCode.DUPLICATE] == [code for code in FailureCode if Failure(code).means_unknown]


def test_a_program_may_retry_only_what_time_can_heal() -> None:
    assert {
        "insufficient_funds",
        "issuer_unavailable",
        "processing_error",
        "limit_exceeded",
        "do_not_honor",
    } == {code for code in FailureCode if Failure(code).is_retryable}


def test_what_the_provider_said_is_kept_without_card_numbers_and_secrets() -> None:
    failure = Failure.from_stripe("card 4242 4242 4242 4242", message="key sk_live_51H8zX is\nbad")
    assert "card [card number]" == failure.raw_code
    assert "key [secret] is bad" == failure.raw_message


def test_what_the_provider_said_is_bounded() -> None:
    failure = Failure(
        FailureCode.DO_NOT_HONOR, raw_code="c" * 999, raw_message="m" * 999, advice="a" * 999
    )
    lengths = [len(text or "") for text in (failure.raw_code, failure.raw_message, failure.advice)]
    assert [100, 500, 100] == lengths


def test_a_failure_is_a_value() -> None:
    failure = Failure.from_stripe("lost_card", message="m" * 999)
    assert failure == attrs.evolve(failure)
    assert failure == pickle.loads(pickle.dumps(failure))
    assert hash(failure) == hash(attrs.evolve(failure))


def test_a_class_is_not_a_text() -> None:
    with pytest.raises(TypeError, match="code must be FailureCode, not str"):
        Failure("lost_or_stolen")  # type: ignore[arg-type]


def test_a_message_is_text() -> None:
    with pytest.raises(TypeError):
        Failure(FailureCode.DUPLICATE, raw_message=7)  # type: ignore[arg-type]
