"""Gateways that let out what nobody may see."""

from __future__ import annotations

import logging
import warnings
from base64 import b64encode

import attrs

from paysession._domain.failures import Failure
from paysession.errors import InvalidSignature, UnreadableNotification
from paysession.gateways import (
    BogusGateway,
    BogusProvider,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    Notification,
    RefundAnswer,
    RefundRequest,
)
from paysession.outcomes import Accepted, Declined, References, Report


def key_of(gateway: BogusGateway) -> str:
    """The secret that the merchant gave to a gateway."""
    return gateway.provider._webhooks._secrets[0].reveal()


def browser_has(answer: CreateSessionAnswer) -> dict[str, object]:
    """What is given to the customer's browser."""
    data = (
        answer.client_data.reveal() if isinstance(answer, Accepted) and answer.client_data else {}
    )
    return dict(data) if isinstance(data, dict) else {}


class ShowsItsKey(BogusGateway):
    """Is written as an attrs class is: with all that it holds."""

    def __repr__(self) -> str:
        return f"AcmeGateway(api_key={key_of(self)!r})"


class ShowsHalfItsKey(BogusGateway):
    """Is printed without the last four characters of its key, where all but these were meant."""

    def __repr__(self) -> str:
        return f"AcmeGateway(api_key='{key_of(self)[:-4]}****')"


class NamesSessionsByTheirSecret(BogusGateway):
    """Takes the client secret for one more id."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        answer = super().create_session(request)
        secret = References.of(source=str(browser_has(answer).get("client_secret", "none")))
        return attrs.evolve(answer, references=answer.references | secret)


class QuotesTheBrowser(BogusGateway):
    """Repeats what it was sent where it says why that was refused."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, Declined) and request.external_data:
            words = f"declined: {request.external_data.reveal()}"
            failure = Failure(answer.failure.code, raw_message=words)
            return attrs.evolve(answer, failure=failure)
        return answer


class RaisesWithItsKey(BogusGateway):
    """Says what it has sent when nothing comes back."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        try:
            return super().capture(request)
        except TimeoutError as error:
            raise RuntimeError(f"no answer to POST with {key_of(self)}") from error


class ChainsTheRequest(BogusGateway):
    """Raises from what its client raised, which holds the body that was sent."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        try:
            return super().refund(request)
        except TimeoutError:
            raise RuntimeError("no answer") from OSError(dict(request.metadata))


class RaisesTheSecretWhenUnreadable(BogusGateway):
    """Says what a notification was verified with when nobody can read it."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        try:
            return super().read_notification(notification)
        except UnreadableNotification as error:
            raise UnreadableNotification(f"cannot be read, with {key_of(self)}") from error


class LogsWhatItReceives(BogusGateway):
    """Has left a line of debugging in."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        answer = super().create_session(request)
        logging.getLogger("acme.transport").debug("received %s", browser_has(answer))
        return answer


class LogsWhatItHasCaught(BogusGateway):
    """Logs an exception, and with it what that was raised from."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        try:
            return super().refund(request)
        except TimeoutError:
            caught = RuntimeError("no answer")
            caught.__cause__ = OSError(dict(request.metadata))
            logging.getLogger("acme").info("tried in vain", exc_info=caught)
            raise


class LogsTheWebhookSecret(BogusGateway):
    """Helps whoever wonders why nothing is believed."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        try:
            return super().read_notification(notification)
        except InvalidSignature:
            logging.getLogger("acme").warning("not signed with %s", key_of(self))
            raise


class LogsNotificationBodies(BogusGateway):
    """Logs each notification that it believes, and what it was verified with."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        reports = super().read_notification(notification)
        if reports:
            logging.getLogger("acme").info("%r, with %s", notification.body, key_of(self))
        return reports


class LogsBasicAuth(BogusGateway):
    """Logs the headers of what it sends, and one of them is its key."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        credentials = b64encode(f"acme:{key_of(self)}".encode()).decode()
        logging.getLogger("acme.transport").debug("Authorization: Basic %s", credentials)
        return super().charge(request)


class PrintsWhatItReceives(BogusGateway):
    """Has left a print in."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        answer = super().create_session(request)
        print("received", browser_has(answer))
        return answer


class WarnsWithItsKey(BogusGateway):
    """Warns of an old key, and says which."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        warnings.warn(f"{key_of(self)} is about to expire", stacklevel=2)
        return super().charge(request)


class HandsItsKeyToBrowsers(BogusGateway):
    """Gives the secret key to the script that needs the publishable one."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        answer = super().create_session(request)
        data = {**browser_has(answer), "api_key": key_of(self)}
        return attrs.evolve(answer, client_data=data) if isinstance(answer, Accepted) else answer


class LogsWhatItIsMadeOf(BogusGateway):
    """Tells how it is configured when it is made."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        secret = provider._webhooks._secrets[0].reveal()
        logging.getLogger("acme").debug("configured with %s", secret)


class PrintsWhatItIsMadeOf(BogusGateway):
    """Prints how it is configured when it is made."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        print(f"configured with {provider._webhooks._secrets[0].reveal()}")


class LogsItsKeyInHexadecimal(BogusGateway):
    """Logs the bytes that it signs with."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        octets = self.provider._webhooks._secrets[0].reveal().encode()
        logging.getLogger("acme").debug("signed with %s", octets.hex())
        return super().charge(request)


class LogsWhatIsRepeated(BogusGateway):
    """Logs the whole of a request that it has seen before."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        if request.external_data and request.key in [each.key for each in self.calls]:
            logging.getLogger("acme").info("again: %s", request.external_data.reveal())
        return super().complete_session(request)


class LogsTheirPage(BogusGateway):
    """Logs what a customer is given who is sent away."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        answer = super().create_session(request)
        if request.terms.hosted and isinstance(answer, Accepted) and answer.client_data:
            logging.getLogger("acme").info("opened %s", answer.client_data.reveal())
        return answer


MUTANTS: dict[str, type[BogusGateway]] = {
    "SEC-1": ShowsItsKey,
    "SEC-2": NamesSessionsByTheirSecret,
    "SEC-3": RaisesWithItsKey,
    "SEC-4": LogsWhatItReceives,
    "SEC-5": PrintsWhatItReceives,
    "SEC-6": HandsItsKeyToBrowsers,
}

ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("SEC-4", LogsWhatItIsMadeOf),
    ("SEC-5", PrintsWhatItIsMadeOf),
    ("SEC-4", LogsItsKeyInHexadecimal),
    ("SEC-4", LogsWhatIsRepeated),
    ("SEC-4", LogsTheirPage),
    ("SEC-1", ShowsHalfItsKey),
    ("SEC-2", QuotesTheBrowser),
    ("SEC-3", ChainsTheRequest),
    ("SEC-3", RaisesTheSecretWhenUnreadable),
    ("SEC-4", LogsWhatItHasCaught),
    ("SEC-4", LogsTheWebhookSecret),
    ("SEC-4", LogsNotificationBodies),
    ("SEC-4", LogsBasicAuth),
    ("SEC-5", WarnsWithItsKey),
)
