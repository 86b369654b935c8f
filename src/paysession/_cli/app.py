"""What can be typed: commands, their arguments, and how a bad one is refused."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from enum import StrEnum
from errno import ENOSPC
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, cast

import typer

from paysession._cli.adapters import AdapterRefused, gateway_from
from paysession._cli.check import check
from paysession._cli.demo import play
from paysession._cli.lifecycle import Chart, Form, drawn
from paysession._cli.new_gateway import new_gateway
from paysession._cli.printing import Printer, one_line
from paysession._cli.simulate import simulate
from paysession._cli.stage import Stage
from paysession._cli.stories import STORIES, Story, StoryName
from paysession.views import checkout_api, connect_api, store_api

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

# Typer's errors are click's own or its copy of them, by version; either way the base of this one.
_UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])

_INTERRUPTED = 130


class Dialect(StrEnum):
    """Whose document is printed."""

    STORE = "store"
    CONNECT = "connect"
    CHECKOUT = "checkout"


_DOCUMENTS = {
    Dialect.STORE: store_api.payment_session,
    Dialect.CONNECT: connect_api.payment_session,
    Dialect.CHECKOUT: checkout_api.session,
}


def run(argv: Sequence[str]) -> int:
    """Run the command line and return its exit status; what is wrong is one line on stderr."""
    try:
        with _whatever_can_be_encoded():
            status: int | None = app(args=list(argv), prog_name="paysession", standalone_mode=False)
            sys.stdout.flush()
    except _UsageError as error:
        # Some versions of typer put the kind of the exception before the sentence.
        said = error.format_message().replace("Value error, ", "")
        sys.stderr.write(f"Error: {one_line(said)}\n")
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        _forget_what_is_unwritten()
        sys.stderr.write(f"Error: nothing more can be written: {error.strerror}\n")
        return 2
    return status or 0


@contextmanager
def _whatever_can_be_encoded() -> Generator[None]:
    """Let what the encoding of stdout has no letter for be written as an escape."""
    stdout = sys.stdout
    if not isinstance(stdout, TextIOWrapper):
        yield
        return
    errors = stdout.errors
    stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        stdout.reconfigure(errors=errors)


def _forget_what_is_unwritten() -> None:
    """Let Python not try again to write it when it ends."""
    with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _print_version(is_asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if is_asked:
        typer.echo(f"paysession {importlib.metadata.version('paysession')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def paysession(
    context: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take money in sessions, through any payment provider."""
    del version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def demo(
    *,
    story: Annotated[StoryName, typer.Option(help="Which story is told.")] = StoryName.CARD,
    dialect: Annotated[
        Dialect | None, typer.Option(help="Print this document of the end, as JSON, and no more.")
    ] = None,
    gateway: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:FACTORY",
            help="Tell it against your own adapter; really called, under fresh ids.",
        ),
    ] = None,
) -> None:
    """Tell a payment's story step by step, and end with the statement."""
    if dialect is None:
        _tell(STORIES[story], _stage(gateway))
    else:
        _print_document(dialect, STORIES[story], gateway)


@app.command()
def lifecycle(
    chart: Annotated[Chart, typer.Argument(help="Which lifecycle.")],
    *,
    form: Annotated[Form, typer.Option("--format", help="How it is drawn.")] = Form.TABLE,
) -> None:
    """Draw a lifecycle: which event leads from which status to which."""
    typer.echo(drawn(chart, form), nl=False)


app.command()(simulate)
app.command()(check)
app.command()(new_gateway)


def _stage(gateway: str | None) -> Stage:
    if gateway is None:
        return Stage.of_bogus()
    try:
        return Stage.of_adapter(gateway_from(gateway))
    except AdapterRefused as error:
        raise typer.BadParameter(str(error), param_hint="--gateway") from error


def _tell(story: Story, stage: Stage) -> None:
    printer = Printer.to_stdout()
    printer.title(story)
    for number, told in enumerate(play(story, stage), start=1):
        printer.step(number, told)
    printer.statement(stage.statement())
    printer.books(stage.books(story.total.currency))


def _print_document(dialect: Dialect, story: Story, gateway: str | None) -> None:
    """Print the document alone: what an adapter itself prints goes to stderr."""
    with redirect_stdout(sys.stderr):
        stage = _stage(gateway)
        for _ in play(story, stage):
            pass
    statement = stage.statement()
    if statement is None:
        typer.echo("Error: no session came of it, so there is no document to print", err=True)
        raise typer.Exit(1)
    typer.echo(json.dumps(_DOCUMENTS[dialect](statement), indent=2))
