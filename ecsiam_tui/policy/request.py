"""A request to be decided, and the context that conditions read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from .principals import RequestPrincipal, parse_principal

Mode = Literal["concrete", "possible"]
ContextValue = str | bool | int | float | list[str] | tuple[str, ...]


class Request(msgspec.Struct, frozen=True):
    """May `principal` do `action` on `resource`?

    `principal`: ARN of user, role, session, federated user or root; a service name; an identity provider; or
    `principals.ANONYMOUS`. `resource`: an ARN, or `*` (then: is there a resource on which it may). `context`:
    condition keys, in any case, with one value or several. `resource_account`: the owner of the resource,
    taken from the ARN where it says it, else from the principal. `wildcard_only`: whether the action supports
    no resource-level permission; None asks the catalogue.

    `mode`: in a concrete request a key that is not in the context is absent; in a possible one ("could it")
    it is open, except for the keys in `absent` (lower case; `aws:principaltag/` stands for every tag), which
    are known not to be there."""

    principal: str
    action: str
    resource: str = "*"
    context: Mapping[str, Any] = {}
    resource_account: str | None = None
    wildcard_only: bool | None = None
    mode: Mode = "concrete"
    absent: frozenset[str] = frozenset()

    @property
    def parsed_principal(self) -> RequestPrincipal:
        """The principal taken apart."""
        return parse_principal(self.principal)


class Context:
    """The request's condition keys by lower-case name, values as tuples of strings.

    `missing` collects the open keys that were asked for, in the order asked.
    """

    __slots__ = ("_absent", "_open", "_values", "missing")

    def __init__(self, request: Request) -> None:
        self._values = {key.lower(): _texts(value) for key, value in request.context.items()}
        self._open = request.mode == "possible"
        self._absent = request.absent
        self.missing: dict[str, None] = {}

    def lookup(self, key: str) -> tuple[str, ...] | bool | None:
        """Values of a key (lower case); None where it is absent; True where it is open."""
        values = self._values.get(key)
        if values is None and self._open and not self._is_absent(key):
            self.missing[key] = None
            return True
        return values

    def _is_absent(self, key: str) -> bool:
        prefix, slash, _ = key.partition("/")
        return key in self._absent or (bool(slash) and prefix + slash in self._absent)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple, set, frozenset)):
        return tuple(text for item in value for text in _texts(item))
    if value is None:
        return ()
    return (msgspec.json.encode(value).decode(),)
