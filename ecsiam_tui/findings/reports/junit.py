"""JUnit XML, for build servers: a test suite a rule, a failure a finding.

Rules that found nothing pass, so that a report says what was looked for.
"""

from xml.etree import ElementTree

from ecsiam_tui.account.text import visible_xml
from ecsiam_tui.findings.reports.report import Report, Row
from ecsiam_tui.findings.reports.words import details


def junit(report: Report) -> str:
    """The report as a document."""
    root = ElementTree.Element("testsuites", name=f"ecsiam-tui {report.account}")
    for rule in report.rules:
        rows = [row for row in report.rows if row.finding.rule == rule.id]
        skipped = [(row, by) for row, by in report.suppressed if row.finding.rule == rule.id]
        failures = [row for row in rows if not row.known]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=visible_xml(f"{rule.id} {rule.title}"),
            tests=str(max(len(rows) + len(skipped), 1)),
            failures=str(len(failures)),
            skipped=str(len(skipped) + len(rows) - len(failures)),
            timestamp=report.taken_at.strftime("%Y-%m-%dT%H:%M:%S"),
        )
        for row in rows:
            case = _case(suite, row)
            if row.known:
                ElementTree.SubElement(case, "skipped", message="in the baseline")
            else:
                finding = row.finding
                failure = ElementTree.SubElement(
                    case, "failure", type=finding.severity.word, message=visible_xml(finding.summary)
                )
                failure.text = visible_xml("\n".join((finding.node, *details(finding))))
        for row, by in skipped:
            ElementTree.SubElement(_case(suite, row), "skipped", message=visible_xml(by.reason))
        if not rows and not skipped:
            ElementTree.SubElement(suite, "testcase", classname=rule.id, name="nothing found")
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _case(suite: ElementTree.Element, row: Row) -> ElementTree.Element:
    name = visible_xml(f"{row.kind} {row.name}")
    return ElementTree.SubElement(suite, "testcase", classname=row.finding.rule, name=name)
