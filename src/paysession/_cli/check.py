"""The kit on the command line: every law is tried on an adapter, and a table says what it keeps."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from traceback import extract_tb
from typing import Annotated, Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from paysession._cli.adapters import AdapterRefused, Factory, factory_from, made
from paysession._cli.printing import Printer
from paysession._cli.tally import Tally
from paysession.gateways import AsyncGateway, Gateway
from paysession.testing import AsyncPaymentsMachine, GatewayConformance, PaymentsMachine
from paysession.testing._gateways.calls import NeedsEventLoop
from paysession.testing._laws.law import Law
from paysession.testing._laws.suite import Suite
from paysession.testing._laws.support import Row, Support, counted, page, write
from paysession.testing._laws.threads import bounded
from paysession.testing._laws.verdicts import Finding, Verdict

_ARGUMENT: Final = "MODULE:FACTORY"
_REPORT: Final = "--report"
_DRAWS: Final = "hypothesis"
"""Who calls a law, and is not to be looked at when one fails."""

_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_STYLES: Final = {
    Verdict.HOLDS: "green",
    Verdict.DOES_NOT_APPLY: "dim",
    Verdict.DEVIATES: "yellow",
    Verdict.BROKEN: "bold red",
}


def check(
    named: Annotated[
        str,
        typer.Argument(
            metavar=_ARGUMENT,
            help="What makes your gateway; or your subclass of GatewayConformance,"
            " StoreConformance or AsyncStoreConformance, which lets more laws be tried.",
        ),
    ],
    *,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the table to this file, as Markdown."),
    ] = None,
) -> None:
    """
    Try every law on an adapter, and end with a table of what it keeps.

    The exit status is 0 if every law holds, does not apply or deviates as declared, 1 if one is
    broken or too few can be tried, 2 for a bad argument, and 130 after Ctrl-C.
    """
    if importlib.util.find_spec("hypothesis") is None:
        needed = "the kit needs the extra 'testing': pip install 'paysession[testing]'"
        typer.echo(f"Error: {needed}", err=True)
        raise typer.Exit(2)
    if report is not None and not _can_be_written(report):
        raise typer.BadParameter("name a file, in a folder that there is", param_hint=_REPORT)
    console = Printer.to_stdout().console
    try:
        with redirect_stdout(sys.stderr):  # what an adapter itself prints is no part of the table
            suite = _suite_of(named)
            described = made(named, lambda: suite().described())
            findings = _tried(suite, Tally(console))
            thin = made(named, lambda: suite().thin(_in_earnest(findings)))
    except (AdapterRefused, NeedsEventLoop) as error:
        raise typer.BadParameter(str(error), param_hint=_ARGUMENT) from error
    rows = [Row.of(each) for each in findings]
    kept = Support(suite=named, port=suite.port, described=described, rows=rows)
    _tell(kept, findings, thin, console)
    if report is not None:
        _write(report, kept)
    if thin is not None or not all(each.is_good for each in findings):
        raise typer.Exit(1)


def _can_be_written(file: Path) -> bool:
    """Tell whether a file can have that name, and lies in a folder that there is."""
    try:
        return file.parent.is_dir() and not file.is_dir()
    except OSError:  # the name is too long, say
        return False


def _suite_of(named: str) -> type[Suite]:
    """
    Return the suite that was named, or one for the gateway that was.

    Raises:
        AdapterRefused: It is neither, or it cannot be made.
    """
    factory = factory_from(named)
    kind: object = factory
    if isinstance(kind, type) and issubclass(kind, Suite):
        return kind
    if isinstance(kind, type) and issubclass(kind, (PaymentsMachine, AsyncPaymentsMachine)):
        raise AdapterRefused(f"{named} is a machine, whose tests are for pytest: name a suite")
    gateway = made(named, partial(_in_time, factory))
    if not isinstance(gateway, (Gateway, AsyncGateway)):
        what = type(gateway).__name__
        raise AdapterRefused(f"{named} made {what}: name what makes a gateway, or a suite")

    class Bare(GatewayConformance[Any]):
        def make_gateway(self) -> Any:  # noqa: ANN401 - a gateway, or whatever it makes next
            return factory()

    return Bare


def _in_time(factory: Factory) -> object:
    """
    Call a factory, and wait for it as long as for any call of a gateway.

    Raises:
        Stuck: It never comes back.
    """
    (gateway,) = bounded([factory], seconds=GatewayConformance.patience_seconds)
    return gateway


def _found(suite: Suite, law: Law) -> Finding:
    """Try a law; what it cannot foresee breaks it, too."""
    try:
        return suite.find(law)
    except (KeyboardInterrupt, NeedsEventLoop):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever an author's own code raises
        frames = extract_tb(error.__traceback__)
        last = [each for each in frames if _DRAWS not in Path(each.filename).parts][-1]
        what = f"what was raised at {last.filename}:{last.lineno}"
        broken = law.broken(what, "no exception", error)
        return Finding(law, Verdict.BROKEN, error=broken)


def _tried(suite: type[Suite], tally: Tally) -> list[Finding]:
    """Try every law on a suite of its own, as test runners do."""
    findings: list[Finding] = []
    with tally.watched(len(suite.laws), of="laws") as seen:
        for law in suite.laws:
            findings.append(_found(suite(), law))
            seen(len(findings))
    return findings


def _in_earnest(findings: Sequence[Finding]) -> list[Law]:
    return [each.law for each in findings if each.verdict is not Verdict.DOES_NOT_APPLY]


def _tell(kept: Support, findings: Sequence[Finding], thin: str | None, console: Console) -> None:
    """Tell what was on trial, what it keeps and, of each law that is broken, all there is."""
    for name, told in kept.described.items():
        _line(console, f"{name}: {told}")
    console.print(_table(kept))
    for each in findings:
        if not each.is_good:
            _line(console, f"{each.error}\n", style="red")
    if thin is not None:
        _line(console, thin, style="bold red")
    for line in counted([kept]):
        _line(console, line, style="bold")


def _table(kept: Support) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in ("code", "law", "what came of it"):
        table.add_column(column, no_wrap=column == "code")
    for row in kept.rows:
        came = f"{row.verdict}: {row.note}" if row.note else str(row.verdict)
        table.add_row(row.code, row.sentence, Text(_CONTROLS.sub(" ", came), _STYLES[row.verdict]))
    return table


def _line(console: Console, text: str, *, style: str = "") -> None:
    """Print what a provider may have had a say in."""
    console.print(Text(_CONTROLS.sub(" ", text), style=style), soft_wrap=True)


def _write(report: Path, kept: Support) -> None:
    try:
        write(report, page([kept], version=importlib.metadata.version("paysession")))
    except OSError as error:
        reason = f"it cannot be written: {error.strerror}"
        raise typer.BadParameter(reason, param_hint=_REPORT) from error
