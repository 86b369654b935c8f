"""`paysession lifecycle` draws what `paysession.lifecycles` holds."""

import pytest

from paysession._cli import main
from paysession._cli.lifecycle import Chart, Form, drawn
from paysession.lifecycles import LIFECYCLES


def test_every_lifecycle_can_be_named() -> None:
    assert set(LIFECYCLES) == set(Chart)


@pytest.mark.parametrize("chart", Chart)
@pytest.mark.parametrize("form", Form)
def test_a_lifecycle_is_drawn_as_it_is(
    chart: Chart, form: Form, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["lifecycle", chart, "--format", form])
    lifecycle = LIFECYCLES[chart]
    expected = {
        Form.MERMAID: lifecycle.mermaid(),
        Form.DOT: lifecycle.dot(),
        Form.TABLE: lifecycle.table(),
    }
    assert expected[form] == capsys.readouterr().out == drawn(chart, form)


def test_a_lifecycle_is_a_table_unless_it_is_asked_for_otherwise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert 0 == main(["lifecycle", "session"])
    assert LIFECYCLES["session"].table() == capsys.readouterr().out
