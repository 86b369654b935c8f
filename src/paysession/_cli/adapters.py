"""Somebody's adapter, named on the command line as `module:factory`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import TypeAlias, cast

from paysession._domain.limits import redacted
from paysession.gateways import AsyncGateway, Gateway

_Factory: TypeAlias = Callable[[], object]


class AdapterRefused(Exception):
    """What was named is no adapter that stories can be told against."""


def gateway_from(named: str) -> Gateway:
    """
    Import a module, call its factory without arguments, and return the gateway.

    Modules of the current directory are found too.

    Raises:
        AdapterRefused: There is no such module or factory, it failed, or it made no `Gateway`.
    """
    module_name, colon, factory_name = named.partition(":")
    if not (module_name and colon and factory_name):
        raise AdapterRefused(f"{named} is not of the form module:factory")
    factory = _factory(module_name, factory_name)
    try:
        gateway = factory()
    except Exception as error:
        raise AdapterRefused(f"{named} failed: {_said(error)}") from error
    if isinstance(gateway, AsyncGateway):
        raise AdapterRefused(f"{named} made an AsyncGateway: stories need a Gateway")
    if not isinstance(gateway, Gateway):
        raise AdapterRefused(f"{named} made {type(gateway).__name__}, which is not a Gateway")
    return gateway


def _factory(module_name: str, factory_name: str) -> _Factory:
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise AdapterRefused(f"cannot import {module_name}: {_said(error)}") from error
    factory: object = getattr(module, factory_name, None)
    if factory is None:
        raise AdapterRefused(f"{module_name} has no {factory_name}")
    if not callable(factory):
        raise AdapterRefused(f"{module_name}:{factory_name} cannot be called: name a factory")
    return cast("_Factory", factory)


def _said(error: Exception) -> str:
    return redacted(f"{type(error).__name__}: {error}")
