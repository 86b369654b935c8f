"""
What is left of an adapter's module when what its author has to write is taken out.

The source is cut where Python's own parser says that its statements begin and end. What was cut
out may have been all that used an import, a constant or a function: those go too.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator, Sequence
from textwrap import indent
from typing import Final, TypeAlias

import attrs

from paysession.gateways import Gateway
from paysession.gateways.port import METHODS

_LONGEST_LINE: Final = 100
_IN_METHOD: Final = " " * 8

_Import: TypeAlias = ast.Import | ast.ImportFrom


@attrs.frozen
class _Part:
    """A statement as it is written, and how many blank lines stand above it; or none any more."""

    statement: ast.stmt
    gap: int
    text: str


def unwritten(source: str) -> str:
    """
    Return the module of an adapter with its port's contracts in the place of its methods.

    Only what these still need is there beside them: the docstring of the module as far as its
    first paragraph, the way the gateway is made, and its capabilities.
    """
    module, lines = ast.parse(source), source.splitlines()
    summary = inspect.cleandoc(ast.get_docstring(module) or "").partition("\n\n")[0]
    docstring, *parts = _parts(module.body, lines, begin=0)
    cut = [_with_contracts(part, lines) for part in parts]
    needed = _needed(cut)
    kept = [_if_needed(part, needed) for part in cut]
    return _joined([attrs.evolve(docstring, text=f'"""{summary}"""'), *kept]) + "\n"


def _parts(body: Iterable[ast.stmt], lines: Sequence[str], *, begin: int) -> Iterator[_Part]:
    """Cut lines into statements, each with the comments above it."""
    for statement in body:
        end = statement.end_lineno or begin
        chunk = lines[begin:end]
        gap = next(number for number, line in enumerate(chunk) if line.strip())
        yield _Part(statement, gap, "\n".join(chunk[gap:]))
        begin = end


def _joined(parts: Iterable[_Part]) -> str:
    """Put statements together; of the gaps around what is not there the widest stays."""
    lines: list[str] = []
    gap = 0
    for part in parts:
        gap = max(gap, part.gap)
        if part.text:
            lines += [""] * gap + [part.text]
            gap = 0
    return "\n".join(lines)


def _adapter_in(part: _Part) -> ast.ClassDef | None:
    match part.statement:
        case ast.ClassDef(bases=[ast.Name(id=Gateway.__name__), *_]) as adapter:
            return adapter
        case _:
            return None


def _with_contracts(part: _Part, lines: Sequence[str]) -> _Part:
    """Leave of an adapter what makes it, and the port's methods without their bodies."""
    adapter = _adapter_in(part)
    if adapter is None:
        return part
    first = adapter.body[0].lineno - 1
    members = [_member(each, lines) for each in _parts(adapter.body, lines, begin=first)]
    head = lines[adapter.lineno - 1 : first]
    return attrs.evolve(part, text="\n".join([*head, _joined(members)]))


def _member(part: _Part, lines: Sequence[str]) -> _Part:
    method = part.statement
    if not isinstance(method, ast.FunctionDef) or method.name == "__init__":
        return part
    if method.name not in METHODS:
        return attrs.evolve(part, text="")
    head = lines[method.lineno - 1 : method.body[0].lineno - 1]
    body = f'{_contract_of(method.name)}\nraise NotImplementedError("write {method.name}()")'
    return attrs.evolve(part, text="\n".join([*head, indent(body, _IN_METHOD)]))


def _contract_of(method: str) -> str:
    """Return the docstring that a method of the port has, in quotation marks."""
    contract = inspect.getdoc(getattr(Gateway, method)) or ""
    return f'"""\n{contract}\n"""' if "\n" in contract else f'"""{contract}"""'


def _needed(parts: Sequence[_Part]) -> set[str]:
    """Return the names that an adapter uses, and those that what it uses uses."""
    defined = {name: part for part in parts for name in _defined_by(part)}
    needed: set[str] = set()
    fresh = {name for part in parts if _adapter_in(part) for name in _defined_by(part)}
    while fresh:
        needed |= fresh
        used = {name for each in fresh & defined.keys() for name in _used_by(defined[each])}
        fresh = used - needed
    return needed


def _defined_by(part: _Part) -> tuple[str, ...]:
    match part.statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return (name,)
        case _:
            return ()


def _used_by(part: _Part) -> set[str]:
    tree = ast.walk(ast.parse(part.text))
    return {node.id for node in tree if isinstance(node, ast.Name)}


def _if_needed(part: _Part, needed: set[str]) -> _Part:
    if isinstance(part.statement, _Import):
        return attrs.evolve(part, text=_imported(part.statement, needed))
    return part if needed & set(_defined_by(part)) else attrs.evolve(part, text="")


def _imported(statement: _Import, needed: set[str]) -> str:
    """Return an import of those names only that are needed, or nothing."""
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
        return ast.unparse(statement)
    names = [each for each in statement.names if (each.asname or each.name) in needed]
    if not names:
        return ""
    statement.names = names
    line = ast.unparse(statement)
    if len(line) <= _LONGEST_LINE:
        return line
    head, _, listed = line.partition(" import ")
    one_a_line = indent(listed.replace(", ", ",\n"), "    ")
    return f"{head} import (\n{one_a_line},\n)"
