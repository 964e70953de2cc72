"""The rules, a module a family."""

from ecsiam_tui.findings.rules import (
    containers,
    environment,
    grants,
    hosts,
    requirements,
    role_fields,
)

__all__ = [
    "containers",
    "environment",
    "grants",
    "hosts",
    "requirements",
    "role_fields",
]
