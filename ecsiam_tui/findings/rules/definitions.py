"""What rules about task definitions say alike: where a field stands, and who runs the definition."""

from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity

DEVELOPER_GUIDE = "Amazon ECS Developer Guide"


def field(node: str, where: str, text: str = "") -> Evidence:
    """A field as evidence; `where` is its path in the JSON that AWS shows."""
    return Evidence("field", node, where, text)


def container_field(definition: TaskDefinition, container: str, where: str, text: str = "") -> Evidence:
    """A field of a container."""
    return field(definition.task_definition_arn, f"containerDefinitions.{container}.{where}", text)


def users(facts: Facts, definition: TaskDefinition) -> str:
    """Who runs a task definition, in a sentence."""
    found = facts.users_of(definition)
    if not found:
        return "Nothing runs it now."
    return f"{facts.titles(found)} {'runs' if len(found) == 1 else 'run'} it."


def in_use(facts: Facts, definition: TaskDefinition, severity: Severity) -> Severity:
    """A severity, no higher than medium where nothing runs the definition."""
    return severity if facts.users_of(definition) else min(severity, Severity.MEDIUM)


def several(names: list[str], most: int = 4) -> str:
    """Some names in a sentence: `a, b and 3 more`."""
    names = list(dict.fromkeys(names))
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
