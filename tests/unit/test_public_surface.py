"""
The public surface, with signatures, is written down in `tests/api.txt`.

A change of the API is a change of that file. Write it anew, and read the difference, with:

    python tests/unit/test_public_surface.py
"""

import enum
import importlib
import inspect
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import GenericAlias, ModuleType, NoneType, UnionType

import attrs
import pytest

WRITTEN = Path(__file__).parents[1] / "api.txt"
PUBLIC = [
    "paysession",
    "paysession.errors",
    "paysession.events",
    "paysession.gateways",
    "paysession.lifecycles",
    "paysession.outcomes",
    "paysession.stores",
    "paysession.testing",
    "paysession.testing.strategies",
    "paysession.views",
    "paysession.views.checkout_api",
    "paysession.views.connect_api",
    "paysession.views.http_errors",
    "paysession.views.statuses",
    "paysession.views.store_api",
]


def exported(module: ModuleType) -> list[str]:
    return list(getattr(module, "__all__", []))


def surface() -> str:
    """The whole public surface as text, the same on every supported Python."""
    modules = [importlib.import_module(name) for name in PUBLIC]
    ours = [getattr(module, name) for module in modules for name in exported(module)]
    lines = [line for module in modules for line in _module(module, ours)]
    return "\n".join(lines)


def _module(module: ModuleType, ours: list[object]) -> Iterator[str]:
    yield f"[{module.__name__}]"
    for name in exported(module):
        yield from _entry(name, getattr(module, name), ours)
    yield ""


def _entry(name: str, value: object, ours: list[object]) -> Iterator[str]:
    match value:
        case GenericAlias() | UnionType():
            yield f"{name} = {_shown(value)}"
        case type() if issubclass(value, enum.Enum):
            yield f"enum {name}: " + ", ".join(f"{each.name}={each.value!r}" for each in value)
        case type():
            yield from _class(name, value, ours)
        case ModuleType():
            yield f"module {name}: " + ", ".join(exported(value))
        case _ if inspect.isroutine(value):
            yield f"def {name}{_signature(value)}"
        case _ if typing.get_origin(value):
            yield f"{name} = {_shown(value)}"
        case _:
            yield f"{name}: {type(value).__name__}"


def _class(name: str, cls: type, ours: list[object]) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in cls.__bases__ if base is not object)
    yield f"class {name}({bases})" if bases else f"class {name}"
    members = _members(cls, ours)
    initializer = inspect.getattr_static(cls, "__init__")
    if "__init__" in members and inspect.isfunction(initializer):
        yield f"    __init__{_signature(initializer)}"
    for member in sorted(members):
        if not member.startswith("_"):
            yield f"    {_member(member, _offered(cls, member))}"


def _offered(cls: type, name: str) -> object:
    """A member as its class defines it; a descriptor of ours as the function it makes there."""
    defined = inspect.getattr_static(cls, name)
    if isinstance(defined, property | classmethod | staticmethod):
        return defined
    made = getattr(cls, name)
    return made if inspect.isfunction(made) else defined


def _members(cls: type, ours: list[object]) -> set[str]:
    """Names that the class, or a base which is ours but not public, defines; fields aside."""
    told_here = [
        each
        for each in cls.__mro__
        if each is cls or (each.__module__.startswith("paysession") and each not in ours)
    ]
    defined = {name for each in told_here for name in vars(each)}
    return defined - ({field.name for field in attrs.fields(cls)} if attrs.has(cls) else set())


def _member(name: str, value: object) -> str:
    match value:
        case property(fget=getter) if getter:
            return f"{name}: {_shown(inspect.signature(getter).return_annotation)}  (property)"
        case classmethod() | staticmethod():
            return f"{name}{_signature(value.__func__)}  ({type(value).__name__})"
        case _ if inspect.isfunction(value):
            return f"{name}{_signature(value)}"
        case _:
            return f"{name}: {type(value).__name__}"


@attrs.frozen
class _Verbatim:
    """What prints as its text, where `inspect` prints what a parameter holds."""

    text: str

    def __repr__(self) -> str:
        return self.text


def _signature(function: Callable[..., object]) -> str:
    signature = inspect.signature(function)
    parameters = [
        parameter.replace(
            annotation=_verbatim(parameter.annotation, _shown),
            default=_verbatim(parameter.default, _default),
        )
        for parameter in signature.parameters.values()
    ]
    returned = _verbatim(signature.return_annotation, _shown)
    return str(signature.replace(parameters=parameters, return_annotation=returned))


def _verbatim(value: object, show: Callable[[object], str]) -> object:
    return value if value is inspect.Parameter.empty else _Verbatim(show(value))


def _shown(annotation: object) -> str:
    """An annotation without the modules its names come from, which say nothing to a reader."""
    match annotation:
        case str():
            return annotation
        case _ if annotation in (None, NoneType):
            return "None"
        case type(__qualname__=name) if typing.get_origin(annotation) is None:
            return str(name)
        case _:
            return re.sub(r"\b(?:[a-z_]\w*\.)+(?=\w)", "", repr(annotation))


def _default(value: object) -> str:
    """A default without its address in memory; one made anew each time is `...`."""
    if value is attrs.NOTHING:
        return "..."
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def test_the_public_surface_is_the_one_written_down() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == surface()


def in_order(name: str) -> tuple[bool, bool, str]:
    """As ruff sorts them: constants first, then classes, then functions."""
    return not name.isupper(), not name[0].isupper(), name


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_module_lists_what_it_exports_in_order(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__all__
    assert sorted(set(module.__all__), key=in_order) == list(module.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_exported_is_there(name: str) -> None:
    module = importlib.import_module(name)
    assert [] == [each for each in exported(module) if not hasattr(module, each)]


@pytest.mark.parametrize("name", PUBLIC)
def test_the_annotations_of_exported_values_can_be_resolved(name: str) -> None:
    module = importlib.import_module(name)
    for cls in (getattr(module, each) for each in exported(module)):
        # Errors stand on the lowest floor and name what stands beside it for type checkers only.
        if isinstance(cls, type) and attrs.has(cls) and not issubclass(cls, Exception):
            fields = {field.name for field in attrs.fields(cls)}
            assert set() == fields - typing.get_type_hints(cls).keys()


def test_the_package_itself_exports_at_most_forty_names() -> None:
    assert len(exported(importlib.import_module("paysession"))) <= 40


if __name__ == "__main__":
    WRITTEN.write_text(surface(), encoding="utf-8")
