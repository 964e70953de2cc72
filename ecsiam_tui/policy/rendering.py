"""Policy documents back as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from .statements import PolicyDocument, Principal, Statement


def render(document: PolicyDocument) -> str:
    """The document as canonical JSON, two spaces a level. Statements that were left out are not in it."""
    return msgspec.json.format(msgspec.json.encode(to_data(document)), indent=2).decode()


def to_data(document: PolicyDocument) -> dict[str, Any]:
    """The document as plain data, ready for JSON, members in the order AWS shows them."""
    data: dict[str, Any] = {}
    if document.version is not None:
        data["Version"] = document.version
    if document.id is not None:
        data["Id"] = document.id
    data["Statement"] = [statement_data(statement) for statement in document.statements]
    return data


def statement_data(statement: Statement) -> dict[str, Any]:
    """A statement as plain data; a list of one is written as the string alone."""
    data: dict[str, Any] = {}
    if statement.sid:
        data["Sid"] = statement.sid
    data["Effect"] = statement.effect
    for name, principals in (("Principal", statement.principals), ("NotPrincipal", statement.not_principals)):
        if principals:
            data[name] = _principal_data(principals)
    for name, values in (
        ("Action", statement.actions),
        ("NotAction", statement.not_actions),
        ("Resource", statement.resources),
        ("NotResource", statement.not_resources),
    ):
        if values:
            data[name] = _one_or_list(values)
    if statement.conditions:
        block: dict[str, dict[str, Any]] = {}
        for condition in statement.conditions:
            block.setdefault(condition.operator, {})[condition.key] = (
                list(condition.values) if len(condition.values) != 1 else condition.values[0]
            )
        data["Condition"] = block
    return data


def _one_or_list(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _principal_data(principals: tuple[Principal, ...]) -> str | dict[str, Any]:
    if principals[0].type == "*":
        return "*"
    grouped: dict[str, list[str]] = {}
    for principal in principals:
        grouped.setdefault(principal.type, []).append(principal.value)
    return {kind: _one_or_list(tuple(values)) for kind, values in grouped.items()}
