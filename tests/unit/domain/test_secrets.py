from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint
import traceback
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import attrs
import pytest

from paysession._domain.secrets import ClientData, Secret
from paysession.errors import UnsafeInput

CANARY = "canary_7f3a"


@attrs.frozen
class Holder:
    held: Secret | ClientData


MASKED = [
    pytest.param(Secret(CANARY), id="secret"),
    pytest.param(ClientData(CANARY), id="client data, text"),
    pytest.param(ClientData({"client_secret": CANARY}), id="client data, mapping"),
]


def canary_in(text: str) -> bool:
    return CANARY in text


@pytest.mark.parametrize("held", MASKED)
@pytest.mark.parametrize(
    "channel",
    [
        repr,
        str,
        format,
        "{:>40}".format,
        "{!r}".format,
        "%s".__mod__,
        "%r".__mod__,
        pprint.pformat,
        lambda held: json.dumps(held, default=str),
        lambda held: json.dumps(held, default=repr),
        lambda held: repr(held.__reduce__),
        lambda held: repr([getattr(held, name) for name in dir(held) if name != "reveal"]),
        lambda held: repr(Holder(held)),
        lambda held: repr(attrs.asdict(Holder(held))),
        lambda held: repr(attrs.astuple(Holder(held))),
        lambda held: pprint.pformat(attrs.asdict(Holder(held))),
        lambda held: json.dumps(attrs.asdict(Holder(held)), default=str),
        lambda held: repr(copy.deepcopy(Holder(held))),
    ],
)
def test_no_channel_shows_the_value(
    held: Secret | ClientData, channel: Callable[[object], str]
) -> None:
    assert not canary_in(channel(held))


@pytest.mark.parametrize("held", MASKED)
def test_there_is_nothing_to_look_into(held: Secret | ClientData) -> None:
    with pytest.raises(TypeError):
        vars(held)
    with pytest.raises(TypeError):
        json.dumps(held)


@pytest.mark.parametrize("held", MASKED)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_cannot_be_pickled(held: Secret | ClientData, protocol: int) -> None:
    with pytest.raises(TypeError, match="cannot be pickled") as error:
        pickle.dumps(Holder(held), protocol)
    assert not canary_in(str(error.value))


@pytest.mark.parametrize("held", MASKED)
def test_a_log_does_not_show_it(
    held: Secret | ClientData, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("shop").info("%s %r %s", held, held, Holder(held))
    assert "(***)" in caplog.text
    assert not canary_in(caplog.text)


@pytest.mark.parametrize("held", MASKED)
def test_a_traceback_with_local_variables_does_not_show_it(held: Secret | ClientData) -> None:
    def fail(argument: object) -> None:
        local = argument
        raise RuntimeError(str(local))

    try:
        fail(held)
    except RuntimeError as error:
        shown = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )
    assert "local = " in shown
    assert not canary_in(shown)


class Box:
    """Gives the canary without naming it."""

    def __getitem__(self, index: int) -> str:
        return CANARY


@pytest.mark.parametrize(
    "refused",
    [
        lambda box: Secret(box[0].encode()),
        lambda box: ClientData([box[0]]),  # type: ignore[arg-type]
        lambda box: ClientData({"client_secret": box[0].encode()}),
        lambda box: ClientData({"client_secret": box[0] * 10_000}),
        lambda box: ClientData(box[0] + "\0"),
    ],
)
def test_the_traceback_of_a_refusal_does_not_show_it(refused: Callable[[Box], object]) -> None:
    try:
        refused(Box())
    except (TypeError, UnsafeInput) as error:
        shown = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )
    assert "field" in shown or "wrong_kind" in shown
    assert not canary_in(shown)


@pytest.mark.parametrize("held", MASKED)
def test_an_error_of_evolve_does_not_show_it(held: Secret | ClientData) -> None:
    with pytest.raises(TypeError) as error:
        attrs.evolve(Holder(held), unknown=held)  # type: ignore[call-arg]
    assert not canary_in(repr(error.value))


@pytest.mark.parametrize("held", MASKED)
def test_it_is_copied_to_itself(held: Secret | ClientData) -> None:
    assert held is copy.copy(held)
    assert held is copy.deepcopy(held)


@pytest.mark.parametrize("held", MASKED)
def test_it_is_no_text(held: Secret | ClientData) -> None:
    assert held != CANARY
    assert held != {"client_secret": CANARY}


def test_only_reveal_shows_it() -> None:
    assert CANARY == Secret(CANARY).reveal()
    assert CANARY == ClientData(CANARY).reveal()
    assert {"client_secret": CANARY} == ClientData({"client_secret": CANARY}).reveal()


def test_secrets_are_compared_by_value() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret(CANARY + "x")
    assert Secret("\ud800é") == Secret("\ud800é")


def test_a_secret_and_client_data_are_never_equal() -> None:
    assert Secret(CANARY) != ClientData(CANARY)
    assert ClientData(CANARY) != Secret(CANARY)


def test_a_secret_has_no_hash() -> None:
    with pytest.raises(TypeError):
        hash(Secret(CANARY))


def test_client_data_is_compared_by_value_whatever_the_order() -> None:
    assert ClientData({"a": 1, "b": [True]}) == ClientData({"b": [True], "a": 1})
    assert ClientData({"a": 1}) != ClientData({"a": True})
    assert ClientData("{}") != ClientData({})


def test_the_hash_of_client_data_says_nothing_of_it() -> None:
    assert hash(ClientData("one")) == hash(ClientData("two"))


def test_client_data_is_copied_on_entry() -> None:
    inner = ["a"]
    data = ClientData({"list": inner})
    inner.append("b")
    assert {"list": ["a"]} == data.reveal()


def test_what_was_revealed_can_be_changed_without_harm() -> None:
    data = ClientData({"list": ["a"]})
    revealed = data.reveal()
    assert isinstance(revealed, dict)
    revealed.clear()
    assert {"list": ["a"]} == data.reveal()


def test_client_data_carries_all_that_json_can() -> None:
    value: dict[str, object] = {
        "none": None,
        "yes": True,
        "int": -(2**64) + 1,
        "float": 0.1,
        "text": "é😀",
        "list": [[]],
    }
    assert value == ClientData(value).reveal()


def test_other_mappings_and_tuples_become_plain() -> None:
    frozen = MappingProxyType({"a": OrderedDict(b=(1, 2))})
    assert {"a": {"b": [1, 2]}} == ClientData(frozen).reveal()


def test_an_enum_of_texts_becomes_text() -> None:
    class Kind(StrEnum):
        ONE = "one"

    revealed = ClientData({"kind": Kind.ONE}).reveal()
    assert isinstance(revealed, dict)
    assert str is type(revealed["kind"])


def nested(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_ten_levels_are_deep_enough() -> None:
    assert nested(10) == ClientData(nested(10)).reveal()
    with pytest.raises(UnsafeInput, match="ten levels"):
        ClientData(nested(11))


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(UnsafeInput, match="ten levels"):
        ClientData({"list": endless})


def test_a_list_that_is_small_in_memory_only_is_refused() -> None:
    value: list[object] = []
    for _ in range(8):
        value = [value] * 1000
    with pytest.raises(UnsafeInput, match="64 KiB"):
        ClientData({"list": value})


def test_64_kib_are_big_enough() -> None:
    most = "é" * (32 * 1024 - 1)
    assert most == ClientData(most).reveal()
    with pytest.raises(UnsafeInput, match="64 KiB"):
        ClientData(most + "x")


@pytest.mark.parametrize(
    "value",
    [
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": 2**64},
        {"a": b"bytes"},
        {"a": {1, 2}},
        {"a": object()},
        {"a": "\0"},
        {"a": "\ud800"},
        {"\0": 1},
        {"a": [{1: "one"}]},
        {None: "none"},
        "\ud800",
        "\0",
    ],
)
def test_what_json_or_a_database_cannot_carry_is_refused(value: Any) -> None:
    with pytest.raises(UnsafeInput) as error:
        ClientData(value, field="setup")
    assert "setup" == error.value.field
    assert str(error.value).startswith("setup is refused: it ")


@pytest.mark.parametrize("value", [None, 7, ["a"], b"bytes"])
def test_client_data_is_text_or_a_mapping(value: Any) -> None:
    with pytest.raises(TypeError, match="client_data must be a str or a mapping, not "):
        ClientData(value)


@pytest.mark.parametrize("value", [None, 7, b"bytes"])
def test_a_secret_is_text(value: Any) -> None:
    with pytest.raises(TypeError, match="a secret must be a str, not "):
        Secret(value)


def test_a_fingerprint_knows_what_it_is() -> None:
    data = ClientData({"client_secret": CANARY})
    assert (False, True) == (data.is_fingerprint, data.fingerprint.is_fingerprint)
    assert not canary_in(str(data.fingerprint.reveal()))


def test_the_fingerprint_of_a_fingerprint_is_itself() -> None:
    fingerprint = ClientData(CANARY).fingerprint
    assert fingerprint is fingerprint.fingerprint


def test_a_fingerprint_comes_back_from_its_text() -> None:
    fingerprint = ClientData(CANARY).fingerprint
    text = fingerprint.reveal()
    assert isinstance(text, str)
    assert fingerprint == ClientData.restored(text)
    assert fingerprint != ClientData(text)


@pytest.mark.parametrize("text", ["", CANARY, "sha256:", "sha256:" + "F" * 64, "0" * 64])
def test_what_is_no_fingerprint_is_not_restored(text: str) -> None:
    with pytest.raises(UnsafeInput, match="fingerprint is refused") as error:
        ClientData.restored(text)
    assert not canary_in(str(error.value))
