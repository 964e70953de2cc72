"""The rules, a module a family."""

from ecsiam_tui.findings.rules import (
    containers,
    environment,
    grants,
    hosts,
)

__all__ = [
    "containers",
    "environment",
    "grants",
    "hosts",
]
