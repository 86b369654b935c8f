"""No byte of what was signed can be changed, and nothing that was not signed is believed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from paysession.errors import InvalidSignature, UnreadableNotification
from paysession.gateways import Notification, StandardWebhooks, TimestampedSignature, read_json

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD, STAMPED = StandardWebhooks([SECRET]), TimestampedSignature([SECRET])

bodies = st.binary(max_size=200)
instants = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - the strategy gives it its zone
    max_value=datetime(9000, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
message_ids = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)
headers = st.text(max_size=100) | st.from_regex(r"(t=[0-9]{10}|v1=[0-9a-f]{64}|,){0,5}")


def is_believed(
    verifier: StandardWebhooks | TimestampedSignature,
    body: bytes,
    fields: dict[str, str],
    *,
    now: datetime,
) -> bool:
    try:
        verifier.verify(Notification(body, fields), now=now)
    except InvalidSignature:
        return False
    return True


def changed(text: bytes, data: st.DataObject) -> bytes:
    """The same text with one byte more, less or other."""
    place = data.draw(st.integers(0, len(text)), label="place")
    byte = bytes([data.draw(st.integers(0, 255), label="byte")])
    kept = data.draw(st.integers(place, min(place + 1, len(text))), label="kept from")
    return text[:place] + data.draw(st.sampled_from([b"", byte])) + text[kept:]


@given(bodies, message_ids, instants, st.data())
def test_no_byte_by_standard_webhooks_can_be_changed(
    body: bytes, message_id: str, at: datetime, data: st.DataObject
) -> None:
    signed = STANDARD.sign(body, id=message_id, at=at)
    assert is_believed(STANDARD, body, signed, now=at)
    tampered = changed(body, data)
    assert (tampered == body) is is_believed(STANDARD, tampered, signed, now=at)
    for name, text in signed.items():
        other = changed(text.encode(), data).decode("latin-1")
        # A blank beside the signature leaves it whole: there may be several.
        harmless = name == "webhook-signature" and other.strip(" ") == text
        believed = is_believed(STANDARD, body, {**signed, name: other}, now=at)
        assert (other == text or harmless) is believed


@given(bodies, instants, st.data())
def test_no_byte_of_a_timestamped_signature_can_be_changed(
    body: bytes, at: datetime, data: st.DataObject
) -> None:
    signed = STAMPED.sign(body, at=at)
    assert is_believed(STAMPED, body, signed, now=at)
    tampered = changed(body, data)
    assert (tampered == body) is is_believed(STAMPED, tampered, signed, now=at)
    ((name, text),) = signed.items()
    other = changed(text.encode(), data).decode("latin-1")
    # A comma beside the parts leaves them whole.
    harmless = [part for part in other.split(",") if part] == text.split(",")
    assert (other == text or harmless) is is_believed(STAMPED, body, {name: other}, now=at)


@given(bodies, instants, st.timedeltas(), st.timedeltas(min_value=timedelta(microseconds=1)))
def test_the_tolerance_is_kept_in_both_directions(
    body: bytes, sent: datetime, late: timedelta, tolerance: timedelta
) -> None:
    sent = sent.replace(microsecond=0)
    try:
        now = sent + late
    except OverflowError:
        return
    standard = StandardWebhooks([SECRET], tolerance=tolerance)
    stamped = TimestampedSignature([SECRET], tolerance=tolerance)
    is_near = abs(late) <= tolerance
    assert is_near is is_believed(standard, body, standard.sign(body, id="a", at=sent), now=now)
    assert is_near is is_believed(stamped, body, stamped.sign(body, at=sent), now=now)


@given(bodies, headers, headers, headers)
def test_nothing_that_was_not_signed_is_believed(
    body: bytes, first: str, second: str, third: str
) -> None:
    standard = {"webhook-id": first, "webhook-timestamp": second, "webhook-signature": third}
    assert not is_believed(STANDARD, body, standard, now=NOON)
    assert not is_believed(STAMPED, body, {"stripe-signature": first}, now=NOON)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
pieces = st.sampled_from(
    [*'{}[]",:0123456789eE+-.\\u', "null", "true", "NaN", "Infinity", '"a":', "\ud83d"]
)


@given(st.lists(pieces, max_size=30).map("".join) | st.text() | values.map(repr))
def test_whatever_is_signed_is_read_or_refused(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    try:
        read = read_json(Notification(body, {}))
    except UnreadableNotification:
        return
    assert isinstance(read, dict)
