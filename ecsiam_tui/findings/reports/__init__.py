"""Findings as documents: for people, for code hosting, for test reports."""

from ecsiam_tui.findings.reports.report import Report, Row

__all__ = ["Report", "Row"]
