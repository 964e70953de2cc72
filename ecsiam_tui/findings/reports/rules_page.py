"""docs/rules.md, made from the table of rules: `python -m ecsiam_tui.findings.reports.rules_page`."""

import sys
from collections.abc import Iterable

from ecsiam_tui.findings.finding import Rule
from ecsiam_tui.findings.registry import table

_HEAD = """# Rules

What `ecsiam-tui audit` and the findings screen look for. Made from the table of rules by `make docs`.

A rule marked † rests on a fact that could not be checked against AWS's own text. A finding that rests on
something that was not read says so and is never above medium. Conditions, explicit denies, permissions
boundaries and organization policies are honoured: what they block is not reported.
"""


def render(rules: Iterable[Rule]) -> str:
    """The page."""
    known = list(rules)
    lines = [_HEAD, "| id | severity | what |", "| --- | --- | --- |"]
    lines += [
        f"| [{rule.id}](#{rule.id.lower()}) | {rule.severity.word} | {_cell(rule.title)}{_mark(rule)} |"
        for rule in known
    ]
    for rule in known:
        lines += [
            "",
            f"## {rule.id}",
            "",
            f"**{rule.title}** · {rule.severity.word}{_mark(rule)}",
            "",
            f"- fires: {rule.fires}",
            f"- why: {rule.why}",
            f"- fix: {rule.fix}",
        ]
        lines += [f"- fixes offered: {', '.join(f'`{name}`' for name in rule.fixes)}"] if rule.fixes else []
        lines.append(f"- source: {rule.source}")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _mark(rule: Rule) -> str:
    return "" if rule.verified else " †"


def main() -> None:
    """Print the page."""
    sys.stdout.write(render(known for known, _ in table().values()))


if __name__ == "__main__":
    main()
