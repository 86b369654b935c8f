"""Stories told against somebody's adapter: what it cannot do is told, never a traceback."""

import json
import re
import sys
from pathlib import Path

import pytest

from paysession._cli import main
from paysession._cli.demo import play
from paysession._cli.stage import Stage
from paysession._cli.stories import STORIES, StoryName
from paysession._money import Currency
from paysession.gateways.bogus import BogusGateway


def told(capsys: pytest.CaptureFixture[str], name: str, *arguments: str) -> str:
    assert 0 == main(["demo", "--gateway", f"cli_adapters:{name}", *arguments])
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("story", StoryName)
@pytest.mark.parametrize("adapter", ["Sales", "Generous", "Unreachable", "Crashing", "Forgetful"])
def test_any_story_comes_to_an_end_with_any_adapter(
    story: str, adapter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(capsys, adapter, "--story", story)
    assert "Traceback" not in text
    assert "\x1b" not in text
    assert "tatement" in text


def test_what_an_adapter_does_not_offer_is_told_and_the_story_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = told(capsys, "Sales")
    assert "a word of the adapter's own" in text
    assert "SessionCompleted" in text
    assert "note refused:" in text
    assert "RefundFailed" in text
    assert "refused: merchant_config" in text
    assert "The provider's own books" not in text


def test_what_an_adapter_answers_otherwise_is_told_as_a_discrepancy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = told(capsys, "Generous", "--story", "yen")
    assert "differs amount_mismatch: 1000 JPY expected, 2000 JPY told" in text


def test_a_provider_that_is_not_there_leaves_a_failed_session_and_no_payment(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = told(capsys, "Unreachable")
    assert "event SessionFailed failed" in text
    assert "left out: there is no payment" in text
    assert "No money has moved." in text


def test_a_provider_that_answers_nothing_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "Forgetful")
    assert "OutcomeDoubted" in text
    assert "refused:" in text


def test_an_adapter_that_fails_before_it_is_asked_leaves_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = told(capsys, "Crashing")
    assert "its capabilities could not be read" in text
    assert "left out: there is no session" in text
    assert "No session came of it, so there is no statement." in text


def test_recovery_that_finds_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there was nothing to do" in told(capsys, "Sales", "--story", "timeout")


def test_an_adapter_s_own_words_do_not_spoil_a_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = ["demo", "--gateway", "cli_adapters:Sales", "--dialect", "checkout"]
    assert 0 == main(line)
    printed = capsys.readouterr()
    assert "SUCCEEDED" == json.loads(printed.out)["status"]
    assert "a word of the adapter's own\n" == printed.err


def test_there_is_no_document_of_no_session(capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["demo", "--gateway", "cli_adapters:Crashing", "--dialect", "store"])
    printed = capsys.readouterr()
    assert "" == printed.out
    assert re.fullmatch("Error: no session came of it.*\n", printed.err)


def test_an_adapter_in_earnest_is_given_fresh_ids_each_time() -> None:
    first, second = (Stage.of_adapter(BogusGateway()) for _ in range(2))
    assert first.books(Currency.of("USD")) == second.books(Currency.of("USD"))
    assert told_ids(first).isdisjoint(told_ids(second))
    assert told_ids(Stage.of_bogus()) == told_ids(Stage.of_bogus())


def told_ids(stage: Stage) -> set[str]:
    return {
        event.aggregate_id
        for each in play(STORIES[StoryName.CARD], stage)
        for event in each.events
        if event.kind != "payable_account"
    }


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("cli_adapters", "not of the form module:factory"),
        (":Sales", "not of the form module:factory"),
        ("cli_adapters:", "not of the form module:factory"),
        ("no_such_module:Sales", "cannot import no_such_module"),
        (".relative:Sales", ".relative is no name of a module: write it as in an import"),
        ("../adapters:Sales", "../adapters is no name of a module: write it as in an import"),
        ("cli_adapters:awaited", "cli_adapters:awaited must be awaited: name what makes a gateway"),
        ("cli_adapters:Missing", "cli_adapters has no Missing"),
        ("cli_adapters:NOT_A_FACTORY", "cannot be called"),
        ("cli_adapters:nothing", "made NoneType, which is not a Gateway"),
        ("cli_adapters:asynchronous", "made an AsyncGateway"),
        ("cli_adapters:failing", "failed: RuntimeError: no key [31m in the environment"),
        ("cli_adapters:Needy", "failed: TypeError"),
        ("cli_adapters:unspeakable", "failed: Unspeakable"),
    ],
)
def test_what_is_no_adapter_is_refused_in_one_line(
    named: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["demo", "--gateway", named])
    printed = capsys.readouterr()
    assert "" == printed.out
    assert re.fullmatch(r"Error: [^\n]+\n", printed.err)
    assert reason in printed.err


def test_an_adapter_of_the_current_directory_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "from paysession.gateways.bogus import BogusGateway as here\n"
    (tmp_path / "adapter_of_this_directory.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    for _ in range(2):
        assert 0 == main(["demo", "--gateway", "adapter_of_this_directory:here"])
        assert "The provider's own books" in capsys.readouterr().out


def test_a_module_that_cannot_be_imported_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "adapter_with_a_fault.py").write_text("def (", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert 2 == main(["demo", "--gateway", "adapter_with_a_fault:here"])
    printed = capsys.readouterr().err
    assert re.fullmatch(
        r"Error: [^\n]*cannot import adapter_with_a_fault: SyntaxError.*\n", printed
    )
