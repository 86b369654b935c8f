"""
Lets Hypothesis resolve our types: `st.from_type(Money)`, and `Money` in any annotation.

Hypothesis calls `register` whenever it is imported, since it is an entry point of its group
"hypothesis". It must cost those nothing who have this package installed and do not use it, so
it stands outside of the package, and waits: types are registered once `paysession` is imported,
and their strategies are made when the first of them is asked for.
"""

# ruff: noqa: PLC0415 - nothing is imported before it is needed

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, get_args

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_PACKAGE: Final = "paysession"


def register() -> None:
    """Register the package's types: now if it is imported already, else as soon as it is."""
    if _PACKAGE in sys.modules:
        _register_types()
    else:
        sys.meta_path.insert(0, _Waiting())


class _Waiting(MetaPathFinder):
    """Finds the package as it would be found without this, and registers its types after it."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return what the next finder finds, if it is the package that is looked for."""
        if fullname != _PACKAGE:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                self._call_after(spec.loader)
                return spec
        return None

    def _call_after(self, loader: Loader) -> None:
        execute = loader.exec_module

        def execute_and_register(module: ModuleType) -> None:
            execute(module)
            if module.__name__ == _PACKAGE and self in sys.meta_path:
                sys.meta_path.remove(self)
                _register_types()

        # The loader stays what it was to all who ask it for the source or for data.
        loader.exec_module = execute_and_register  # type: ignore[method-assign]  # for this one module


def _register_types() -> None:
    from hypothesis.strategies import register_type_strategy

    for kind in types():
        register_type_strategy(kind, _strategy)


def types() -> Sequence[type]:
    """Return the types, all of modules that the package imports by itself."""
    import paysession as ours
    from paysession import gateways, outcomes

    return (
        *(ours.Money, ours.Currency, ours.Payable, ours.PaymentMethod, ours.IdempotencyKey),
        *(ours.CreditCard, ours.StoreCredit, ours.StoredSource),
        *(ours.Metadata, ours.ClientData, ours.Secret),
        *(outcomes.Failure, outcomes.Profile, outcomes.Reference, outcomes.References),
        *(*get_args(outcomes.Fact), *get_args(outcomes.NextAction), outcomes.Report),
        *(getattr(gateways, name) for name in gateways.__all__ if name.endswith("Request")),
        *(gateways.Credit, gateways.Notification),
    )


def _strategy(kind: type) -> SearchStrategy[Any]:
    from paysession.testing._strategies.by_type import TYPES, of_type

    # Hypothesis asks for what is none of ours, too: for `Sized`, say, which metadata are.
    return of_type(kind) if kind in TYPES else NotImplemented
