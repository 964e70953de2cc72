"""The rules, a module a family."""

from ecsiam_tui.findings.rules import (
    containers,
    drift,
    environment,
    exec_audit,
    failing,
    files,
    grants,
    hosts,
    images,
    legacy,
    references,
    requirements,
    role_fields,
    volumes,
)

__all__ = [
    "containers",
    "drift",
    "environment",
    "exec_audit",
    "failing",
    "files",
    "grants",
    "hosts",
    "images",
    "legacy",
    "references",
    "requirements",
    "role_fields",
    "volumes",
]
