"""What README shows of a broken law is what the law says of an adapter that is broken so."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import attrs
import pytest
from hypothesis import settings

from acme_paysession import AcmeGateway
from fake_acme import FakeAcme
from paysession.gateways import CaptureAnswer, CaptureRequest
from paysession.testing import GatewayConformance, LawBroken

README = Path(__file__).parents[2] / "README.md"
KEY, SECRET = "acme_test_key", "whsec_QWNtZSBzaWducyB3aXRoIHRoaXMgb2xkIHNlY3JldA=="
COUNT = count()


class KeysOfItsOwn(AcmeGateway):
    """Captures by a key that no other call has, as some providers' clients do by themselves."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return super().capture(attrs.evolve(request, key=f"{request.key}-{next(COUNT)}"))


class Acme(GatewayConformance[AcmeGateway]):
    def make_gateway(self) -> AcmeGateway:
        acme = FakeAcme(api_key=KEY, webhook_secret=SECRET)
        return KeysOfItsOwn(api_key=KEY, webhook_secrets=[SECRET], transport=acme)


def sample() -> str:
    """What IDEM-1 says of it, drawn as in CI."""
    before = settings.default
    settings.register_profile("readme", derandomize=True, database=None)
    settings.load_profile("readme")
    try:
        with pytest.raises(LawBroken) as caught:
            Acme().test_idem_1_the_same_key_answers_the_same()  # type: ignore[attr-defined]
    finally:
        settings.register_profile("readme", before)
        settings.load_profile("readme")
    return str(caught.value).partition("\nagain: ")[0]


def test_readme_shows_what_a_broken_law_says() -> None:
    assert f"```text\n{sample()}\n```" in README.read_text(encoding="utf-8")


if __name__ == "__main__":
    print(sample())
