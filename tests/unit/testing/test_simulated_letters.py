"""Notifications of a simulated provider are signed, and read only if the signature holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simulated_worlds import NOON, with_taken

from paysession.errors import InvalidSignature, UnreadableNotification
from paysession.gateways import Notification
from paysession.outcomes import Pending, Report
from paysession.testing._simulation.gateway import SimulatedGateway
from paysession.testing._simulation.letters import Post, body_of, signed


def post() -> Post:
    post = Post()
    post.write((Report(Pending()),), at=NOON)
    return post


def test_what_was_signed_is_read() -> None:
    letters = list(post().written.values())
    body = body_of(letters)
    read = post().read(Notification(body, signed(body, NOON)), at=NOON)
    assert [each.id for each in letters] == [each.id for each in read]


def test_the_same_is_written_again_under_another_id_and_not_sent_by_itself() -> None:
    written = post()
    (letter,) = written.waiting
    again = written.again(letter, at=NOON)
    assert letter.id != again.id
    assert [letter] == written.waiting
    assert [Pending()] == [report.fact for report in again.reports]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sim-signature": ""},
        {"sim-signature": "t=1,v1=0"},
        {"sim-signature": "t=nan,v1=0"},
        {"sim-signature": "\u00e9"},
        signed(b'["evt_1"]', NOON - timedelta(minutes=6)),
        signed(b'["evt_1"]', NOON + timedelta(minutes=6)),
        signed(b'[ "evt_1"]', NOON),
        {"sim-signature": signed(b'["evt_1"]', NOON)["Sim-Signature"] + "0"},
    ],
)
def test_what_was_not_signed_is_not_read(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidSignature):
        post().read(Notification(b'["evt_1"]', headers), at=NOON)


def test_one_forged_item_spoils_the_whole() -> None:
    body = b'["evt_1", "forged"]'
    with pytest.raises(InvalidSignature):
        post().read(Notification(body, signed(body, NOON)), at=NOON)


@pytest.mark.parametrize("body", [b"", b"{}", b"[" * 100_000, b'["evt_9"]', b"\xff"])
def test_what_is_signed_and_makes_no_sense_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableNotification):
        post().read(Notification(body, signed(body, NOON)), at=NOON)


def test_an_adapter_returns_the_reports_of_all_letters() -> None:
    provider, _ = with_taken()
    letters = list(provider.books.post.waiting)
    body = body_of(letters * 2)
    gateway = SimulatedGateway.of(provider)
    reports = gateway.read_notification(Notification(body, signed(body, NOON)))
    assert [letters[0].reports[0]] * 2 == list(reports)
