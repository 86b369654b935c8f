"""The command line: stories told against a gateway, and the lifecycles as diagrams."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_EXTRA = frozenset({"click", "rich", "typer"})


def main(argv: Sequence[str] | None = None) -> int:
    """Run `paysession` with these arguments, or the process's own; return the exit status."""
    try:
        from paysession._cli.app import run  # noqa: PLC0415 - the extra may not be installed
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write(
            "Error: the command line needs the extra 'cli': pip install 'paysession[cli]'\n"
        )
        return 2
    return run(sys.argv[1:] if argv is None else argv)
