"""`paysession demo` tells its stories as a person reads them, and the same way every time."""

import json
import sys
from io import StringIO
from typing import Any

import attrs
import pytest
from cli_adapters import Generous
from rich.console import Console

from paysession._cli import main
from paysession._cli.demo import Told, play
from paysession._cli.printing import Printer, one_line
from paysession._cli.stage import Stage
from paysession._cli.stories import STORIES, StoryName
from paysession.lifecycles import PaymentStatus, SessionStatus


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert 0 == main(["demo", *arguments])
    printed = capsys.readouterr()
    assert "" == printed.err
    return printed.out


def assert_in_order(lines: list[str], text: str) -> None:
    """Every line stands in the text, after the one before it; spaces do not count."""
    rest = " ".join(text.split())
    for line in lines:
        _, found, rest = rest.partition(line)
        assert found, f"{line!r} is missing, or comes too early, in:\n{text}"


def test_the_documents_own_order_is_told_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert_in_order(
        [
            "An order of 110.00 USD",
            "1. The backend opens a session",
            "event SessionCreated 110.00 USD pending",
            "event SessionOpened pending",
            "unpaid: paid 0.00 USD, due 110.00 USD",
            "2. The customer pays, and the bank wants 3-D Secure",
            "event SessionActionRequired requires_action",
            "requires_action, the customer's next step: UseSdk",
            "3. The customer has confirmed",
            "event PaymentAuthorized 110.00 USD authorized",
            "event SessionCompleted completed",
            "authorized 110.00, capturable 110.00 USD",
            "4. The first parcel leaves",
            "event CaptureRequested 60.00 USD authorized",
            "event PaymentCaptured 60.00 USD partially_captured",
            "succeeded, 60.00 USD",
            "captured 60.00, capturable 50.00, refundable 60.00 USD",
            "5. The second parcel leaves",
            "event PaymentCaptured 50.00 USD captured",
            "event PayablePaid",
            "6. Something comes back",
            "event PaymentRefunded 45.01 USD partially_refunded",
            "Statement",
            "order or_UkLWZg9DAJ partially_refunded",
            "authorized 110.00 USD captured 110.00 USD",
            "refunded 45.01 USD",
            "net 64.99 USD",
            "2026-03-05 20:55:26 authorization",
            "2026-03-05 20:56:26 capture",
            "2026-03-05 20:57:26 capture",
            "2026-03-05 20:58:26 refund",
            "held 0.00 USD, taken 110.00 USD, released 0.00 USD, given back 45.01 USD.",
        ],
        told(capsys),
    )


@pytest.mark.parametrize("story", StoryName)
def test_a_story_is_plain_narrow_and_the_same_every_time(
    story: StoryName, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = told(capsys, "--story", story)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert first == told(capsys, "--story", story)
    assert "\x1b" not in first
    assert max(map(len, first.splitlines())) <= 100
    assert "Statement" in first


@pytest.mark.parametrize(
    ("story", "status"),
    [
        (StoryName.CARD, PaymentStatus.PARTIALLY_REFUNDED),
        (StoryName.DECLINED, PaymentStatus.CAPTURED),
        (StoryName.TIMEOUT, PaymentStatus.CAPTURED),
        (StoryName.HOSTED, PaymentStatus.CAPTURED),
        (StoryName.YEN, PaymentStatus.PARTIALLY_REFUNDED),
        (StoryName.DINAR, PaymentStatus.PARTIALLY_REFUNDED),
    ],
)
def test_a_story_comes_to_its_end_and_to_what_the_provider_says(
    story: StoryName, status: PaymentStatus
) -> None:
    stage, total = Stage.of_bogus(), STORIES[story].total
    assert [None] * len(STORIES[story].steps) == [
        each.refusal for each in play(STORIES[story], stage)
    ]
    statement, books = stage.statement(), stage.books(total.currency)
    assert statement is not None
    assert books is not None
    assert statement.session is not None
    assert statement.payment is not None
    assert SessionStatus.COMPLETED is statement.session.status
    assert status is statement.payment.status
    balances = statement.payment.balances
    assert (total, balances.refunded) == (books.taken, books.given_back)
    assert balances.captured == books.taken
    assert () == statement.payment.discrepancies


def test_a_decline_says_why_and_another_card_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert_in_order(
        ["AttemptFailed", "refused: insufficient_funds", "another card", "SessionCompleted"],
        told(capsys, "--story", "declined"),
    )


def test_a_capture_that_is_not_answered_is_found_and_not_made_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert_in_order(
        [
            "OutcomeDoubted",
            "requested, 110.00 USD, nobody knows yet: TimeoutError",
            "capture in flight 110.00 USD",
            "RecoveryStarted",
            "event PaymentCaptured 110.00 USD captured",
            "taken 110.00 USD",
        ],
        told(capsys, "--story", "timeout"),
    )


def test_a_hosted_page_is_a_redirect_and_a_return(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "--story", "hosted")
    assert_in_order(
        ["next step: Redirect", "too early", "requires_action", "SessionCompleted"], text
    )
    assert "bogus.example" not in text


@pytest.mark.parametrize(
    ("story", "amount"), [("yen", "1000 JPY"), ("dinar", "12.345 KWD"), ("card", "110.00 USD")]
)
def test_amounts_have_the_digits_of_their_currency(
    story: str, amount: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"An order of {amount}" in told(capsys, "--story", story)


@pytest.mark.parametrize("story", StoryName)
@pytest.mark.parametrize(
    ("dialect", "key", "status"),
    [
        ("store", "external_data", "completed"),
        ("connect", "paymentSessionId", "COMPLETED"),
        ("checkout", "refunds", None),
    ],
)
def test_a_dialect_prints_its_document_and_nothing_else(
    story: str, dialect: str, key: str, status: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = told(capsys, "--story", story, "--dialect", dialect)
    document: Any = json.loads(printed)
    assert f"{json.dumps(document, indent=2)}\n" == printed
    assert key in document
    assert status in (None, document["status"])


def test_the_refund_of_the_story_is_exact_in_the_checkout_dialect(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert '"amount": 45.01,' in told(capsys, "--dialect", "checkout")


class Terminal(StringIO):
    """What claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_given_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    for name in ("NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    printer = Printer.to_stdout()
    printer.title(STORIES[StoryName.CARD])
    printed = sys.stdout
    assert isinstance(printed, Terminal)
    assert "\x1b[" in printed.getvalue()


def test_a_discrepancy_is_told_while_it_is_open() -> None:
    stage = Stage.of_adapter(Generous())
    *_, last = play(STORIES[StoryName.YEN], stage)
    assert last.statement is not None
    assert last.statement.payment is not None
    closed = tuple(
        attrs.evolve(opened, closed_at=stage.clock.now)
        for opened in last.statement.payment.discrepancies
    )
    payment = attrs.evolve(last.statement.payment, discrepancies=closed)
    statement = attrs.evolve(last.statement, payment=payment)
    assert "differs" in printed_step(last)
    assert "differs" not in printed_step(attrs.evolve(last, statement=statement))


def printed_step(told: Told) -> str:
    file = StringIO()
    Printer(Console(file=file, width=100)).step(1, told)
    return file.getvalue()


def test_text_of_anybodys_is_one_line_without_escape_codes() -> None:
    assert r"two lines \x1b[31m\xe9" == one_line("two\nlines \x1b[31mé")
