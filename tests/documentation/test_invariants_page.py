"""
The page of the documentation that says which invariant is proven where.

Write it anew with:

    python tests/documentation/test_invariants_page.py
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from paysession.testing._invariants import ALL_CHECKS, NOT_OURS, Check, code_of, sentence_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "invariants.md"
FIELD_BUGS = "tests/unit/flows/test_field_bugs.py"

AREAS = {
    "money": "Money",
    "state": "State",
    "evidence": "The unknown, and evidence",
    "idempotency": "Idempotency",
    "events": "Commits, events and order",
    "security": "Security",
}
"""The titles of the page, by the module that holds the checks."""

ELSEWHERE_IN = {"I9": "money", "I10": "money", "I11": "money", "I19": "state", "I37": "idempotency"}
"""Where an invariant belongs that no history can break."""

SENTENCES = {
    "I9": "The parts of a split add up to the whole, and each is less than one unit off.",
    "I10": "An amount goes to a provider and comes back exactly, or not at all.",
    "I11": "Nothing is rounded but by a rule that was named.",
    "I19": "Whether a command is allowed follows from what is stored, what is asked and when.",
    "I37": "Two commands have one fingerprint where they mean the same, and only there.",
}
"""What must hold of those."""

FURTHER: Mapping[str, tuple[str, ...]] = {
    "I1": (
        "test_a_decimal_that_is_not_finite_is_refused",
        "test_what_refund_refuses_changes_nothing",
    ),
    "I2": ("test_a_fact_in_another_currency_keeps_its_references_and_waits_for_a_person",),
    "I3": (
        "test_what_we_decide_never_takes_or_gives_back_more_than_there_is",
        "test_sixteen_threads_capture_one_payment",
    ),
    "I4": (
        "test_what_we_decide_never_takes_or_gives_back_more_than_there_is",
        "test_sixteen_threads_refund_one_payment_whose_answers_are_lost",
    ),
    "I5": (
        "test_a_payment_carries_the_sum_of_the_effects_of_its_movements",
        "test_more_is_taken_or_gone_than_there_was_only_if_a_discrepancy_says_so",
    ),
    "I6": ("test_what_may_be_captured_or_refunded_is_never_below_zero",),
    "I7": ("test_a_payment_carries_the_sum_of_the_effects_of_its_movements",),
    "I8": ("test_a_payment_carries_the_sum_of_the_effects_of_its_movements",),
    "I9": (
        "test_an_allocation_conserves_and_is_fair_to_the_last_unit",
        "test_a_split_conserves_and_its_parts_differ_by_one_unit_at_most",
    ),
    "I10": (
        "test_what_is_sent_to_a_provider_is_read_back",
        "test_what_a_provider_says_is_read_exactly_or_refused",
    ),
    "I11": (
        "test_the_ambient_context_has_no_say",
        "test_more_digits_than_the_currency_has_are_refused_without_a_rounding",
    ),
    "I12": (
        "test_a_charge_back_of_a_refunded_payment_is_more_than_was_taken",
        "test_what_is_gone_is_what_was_withdrawn_and_has_not_come_back_since",
    ),
    "I13": ("test_the_old_amount_after_it_was_lowered_completes_and_is_a_discrepancy",),
    "I14": ("test_the_old_amount_after_it_was_raised_is_too_little_and_goes_back",),
    "I15": (
        "test_the_edges_of_the_chart_are_those_that_an_exhaustive_search_finds",
        "test_the_edges_of_an_operations_chart_are_those_that_are_found",
    ),
    "I16": (
        "test_an_end_once_reached_is_never_left",
        "test_an_end_is_never_left",
    ),
    "I17": ("test_one_session_is_completed_and_canceled_at_once",),
    "I18": ("test_what_capture_refuses_changes_nothing",),
    "I19": ("test_a_refused_verb_changes_nothing_and_an_accepted_one_not_what_it_was_asked_of",),
    "I20": ("test_time_never_goes_back",),
    "I21": (
        "test_expiry_never_starts_while_an_attempt_is_processing_or_unknown",
        "test_a_session_that_became_unresolved_while_its_provider_was_asked_is_not_closed",
    ),
    "I22": ("test_who_pays_while_a_lost_close_is_looked_for_is_not_canceled",),
    "I23": (
        "test_where_nobody_closes_canceling_waits_until_the_completion_is_known",
        "test_a_session_is_not_canceled_while_nobody_says_whether_it_was_paid",
    ),
    "I24": ("test_every_entity_comes_back",),
    "I25": ("test_a_look_up_s_answer_that_is_no_tuple_of_reports_is_unlawful",),
    "I26": (
        "test_what_nothing_settles_is_left_to_a_person_after_the_deadline",
        "test_recovery_may_come_when_the_provider_has_forgotten_every_key",
    ),
    "I27": (
        "test_not_found_proves_absence_after_the_longest_call_and_the_grace",
        "test_not_found_within_the_grace_is_no_evidence",
    ),
    "I28": ("test_a_crash_around_any_commit_or_call_is_recovered_from",),
    "I29": ("test_reports_about_others_do_not_settle_ours",),
    "I30": ("test_the_decision_is_evidence_of_a_person_and_an_event_with_actor_and_reason",),
    "I31": (
        "test_a_movement_that_is_said_to_have_happened_and_not_is_open_again",
        "test_a_story_that_contradicts_itself_ends_alike_in_every_order_and_from_every_source",
    ),
    "I32": (
        "test_a_command_repeated_after_a_crash_moves_no_money_twice",
        "test_twenty_threads_with_one_key_have_one_effect",
    ),
    "I33": ("test_given_again_it_answers_as_before_and_nothing_happens",),
    "I34": ("test_the_same_key_for_something_else_is_refused",),
    "I35": ("test_while_nobody_knows_it_is_in_flight_until_recovery_has_found_out",),
    "I36": (
        "test_a_key_is_its_scope_s_its_command_s_and_its_tenant_s",
        "test_the_same_key_is_a_tenant_s_own",
    ),
    "I37": ("test_one_changed_value_changes_the_fingerprint",),
    "I38": ("test_a_call_that_the_provider_has_not_seen_is_repeated_with_the_same_request",),
    "I39": (
        "test_a_call_is_not_repeated_near_the_end_of_the_key_s_time",
        "test_nothing_is_repeated_where_keys_are_ignored",
    ),
    "I40": (
        "test_a_report_sent_again_under_any_id_changes_nothing",
        "test_a_history_told_twice_ends_where_it_ended_once",
    ),
    "I41": ("test_a_stale_version_is_refused_and_nothing_is_written",),
    "I43": (
        "test_threads_capture_refund_and_void_one_payment",
        "test_a_storm_of_conflicts_after_a_call_never_reaches_the_caller",
    ),
    "I44": ("test_events_wait_until_they_are_marked",),
    "I45": (
        "test_all_that_a_provider_tells_ends_alike",
        "test_any_order_ends_in_the_same_books",
        "test_the_same_facts_in_any_order_are_believed_alike",
    ),
    "I46": ("test_a_stale_decline_does_not_end_the_attempt_that_came_after_it",),
    "I47": (
        "test_a_report_on_something_unknown_is_kept_once_and_acknowledged",
        "test_it_is_applied_when_its_record_appears",
    ),
    "I48": ("test_what_cannot_be_written_is_sent_again_and_the_rest_is_kept",),
    "I49": ("test_a_decision_that_is_beaten_every_time_is_given_up_and_nobody_was_called",),
    "I50": (
        "test_no_value_that_is_returned_or_stored_shows_a_secret",
        "test_no_error_tells_a_secret",
    ),
    "I51": (
        "test_what_is_not_verified_is_refused_and_nothing_is_written",
        "test_nothing_that_was_not_signed_is_believed",
    ),
    "I52": ("test_text_that_is_accepted_is_stored_as_it_reads",),
}
"""What proves an invariant beside its check: tests of every tier, by name."""


def page() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# What always holds"
    yield ""
    yield "Each invariant is a function of the history of a simulated run. It looks at what each"
    yield "moment has changed, counts when that could have broken it, and has tests of its own in"
    yield "`tests/unit/testing/`, in which something is planted that it must see. What else proves"
    yield "it stands beside it. This page is generated from the functions and the tests."
    for area, title in AREAS.items():
        yield from (
            "",
            f"## {title}",
            "",
            "| | what holds | checked by | and by |",
            "|---|---|---|---|",
        )
        yield from (_row(code) for code in _codes_in(area))
    yield from (
        "",
        "## Learnt in the field",
        "",
        "| reported as | invariants | test |",
        "|---|---|---|",
    )
    for name, (reported, codes) in _field_bugs().items():
        yield f"| {reported} | {', '.join(codes)} | {_shown(name)} |"


def _codes_in(area: str) -> list[str]:
    checked = [code for code, check in CHECKS.items() if _area_of(check) == area]
    elsewhere = [code for code, its_area in ELSEWHERE_IN.items() if its_area == area]
    return sorted((*checked, *elsewhere), key=lambda code: int(code[1:]))


def _row(code: str) -> str:
    check = CHECKS.get(code)
    sentence = SENTENCES[code] if check is None else sentence_of(check)
    by = "no history can break it" if check is None else f"`{check.__name__}`"
    bugs = [name for name, (_, codes) in _field_bugs().items() if code in codes]
    tests = [_shown(name) for name in (*FURTHER.get(code, ()), *bugs)]
    return f"| {code} | {sentence} | {by} | {'<br>'.join(tests)} |"


def _shown(name: str) -> str:
    """Return where tests of this name are."""
    return "<br>".join(f"`{path}::{name}`" for path in _files_of(name))


CHECKS = {code_of(each): each for each in ALL_CHECKS}


def _area_of(check: Check) -> str:
    return check.__module__.rpartition(".")[2]


@cache
def _files() -> Mapping[str, str]:
    """Every file of tests, by its path."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return {each.relative_to(ROOT).as_posix(): each.read_text(encoding="utf-8") for each in files}


def _files_of(name: str) -> list[str]:
    """The files that have a test of this name."""
    return [path for path, text in _files().items() if f"def {name}(" in text]


def _field_bugs() -> dict[str, tuple[str, list[str]]]:
    """Where the fault of each test was reported, and the invariants that it breaks."""
    found = {}
    for each in ast.parse(_files()[FIELD_BUGS]).body:
        if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"):
            docstring = " ".join((ast.get_docstring(each) or "").split())
            reported = docstring.partition(" (")[0].rstrip(".")
            found[each.name] = reported, re.findall(r"\bI\d+\b", docstring)
    return found


def test_the_page_says_where_every_invariant_is_proven() -> None:
    assert page() == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", list(FURTHER))
def test_what_proves_an_invariant_beside_its_check_is_there(code: str) -> None:
    assert [] == [name for name in FURTHER[code] if not _files_of(name)]


def test_what_no_history_can_break_is_proven_elsewhere() -> None:
    assert NOT_OURS.keys() == SENTENCES.keys() == ELSEWHERE_IN.keys()
    assert set() == NOT_OURS.keys() - FURTHER.keys()


def test_every_check_has_an_area() -> None:
    assert AREAS.keys() == {_area_of(check) for check in ALL_CHECKS}


def test_every_fault_of_the_field_names_where_it_was_reported_and_what_it_breaks() -> None:
    assert all(reported and codes for reported, codes in _field_bugs().values())
    known = {*CHECKS, *NOT_OURS}
    assert all(set(codes) <= known for _, codes in _field_bugs().values())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
