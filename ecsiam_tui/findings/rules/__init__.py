"""The rules, a module a family."""

from ecsiam_tui.findings.rules import (
    containers,
    environment,
    hosts,
)

__all__ = [
    "containers",
    "environment",
    "hosts",
]
