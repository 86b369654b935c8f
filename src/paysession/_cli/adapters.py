"""Somebody's adapter, named on the command line as `module:factory`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Coroutine
from typing import TypeAlias, TypeVar, cast

from paysession._domain.limits import redacted
from paysession.gateways import AsyncGateway, Gateway

T = TypeVar("T")

Factory: TypeAlias = Callable[[], object]


class AdapterRefused(Exception):
    """What was named is nothing that can be used here."""


def gateway_from(named: str) -> Gateway:
    """
    Import a module, call its factory without arguments, and return the gateway.

    Modules of the current directory are found too.

    Raises:
        AdapterRefused: There is no such module or factory, it failed, or it made no `Gateway`.
    """
    factory = factory_from(named)
    gateway = made(named, factory)
    if isinstance(gateway, AsyncGateway):
        raise AdapterRefused(f"{named} made an AsyncGateway: stories need a Gateway")
    if not isinstance(gateway, Gateway):
        raise AdapterRefused(f"{named} made {type(gateway).__name__}, which is not a Gateway")
    return gateway


def factory_from(named: str) -> Factory:
    """
    Import a module, and return its factory.

    Raises:
        AdapterRefused: There is no such module or factory.
    """
    module_name, colon, factory_name = named.partition(":")
    if not (module_name and colon and factory_name):
        raise AdapterRefused(f"{named} is not of the form module:factory")
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise AdapterRefused(f"{module_name} is no name of a module: write it as in an import")
    if "" not in sys.path:
        sys.path.insert(0, "")
    module = _tried(lambda: importlib.import_module(module_name), f"cannot import {module_name}")
    factory: object = getattr(module, factory_name, None)
    if factory is None:
        raise AdapterRefused(f"{module_name} has no {factory_name}")
    if not callable(factory):
        raise AdapterRefused(f"{module_name}:{factory_name} cannot be called: name a factory")
    return cast("Factory", factory)


def made(named: str, make: Callable[[], T]) -> T:
    """
    Make what was named.

    Raises:
        AdapterRefused: It failed, or it would have to be awaited.
    """
    value = _tried(make, f"{named} failed")
    if isinstance(value, Coroutine):
        value.close()
        raise AdapterRefused(f"{named} must be awaited: name what makes a gateway at once")
    return value


def _tried(call: Callable[[], T], what: str) -> T:
    """Call what is somebody else's: whatever it raises, but for an interruption, is a refusal."""
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise AdapterRefused(f"{what}: {_words_of(error)}") from error


def _words_of(error: BaseException) -> str:
    """Return what an error says, or what it is called if it cannot even say that."""
    try:
        return redacted(f"{type(error).__name__}: {error}")
    except Exception:  # noqa: BLE001 - its text, too, is somebody else's
        return type(error).__name__
