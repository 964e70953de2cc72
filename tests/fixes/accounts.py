"""A small account for tests of recipes: one service with both its roles."""

import json
from typing import Any

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.account.tasks import (
    TaskDefinition,
)
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.findings.registry import run_rule
from ecsiam_tui.fixes.fix import Answers, Fix
from ecsiam_tui.fixes.proof import NO_ANSWERS, fixes_for
from tests.findings import builders as b

DB = b.arn("secretsmanager", "secret:db-AbCdEf")
READ = "secretsmanager:GetSecretValue"
GROUP = b.arn("logs", "log-group:/ecs/web")
KEY = b.arn("kms", "key/1")
QUEUE = b.arn("sqs", "jobs")


def account(*containers: Any, inline: Any = None, **fields: Any) -> Snapshot:
    """A service with both roles; the execution role has `inline`."""
    more = fields.pop("of_definition", {})
    known: dict[str, Any] = {
        "roles": [b.role("web-exec", inline=inline or {}), b.role("web-task")],
        "task_definitions": [
            b.definition("web", *containers, execution_role="web-exec", task_role="web-task", **more)
        ],
        "services": [b.service()],
    }
    return b.snapshot(**(known | fields))


def fixes(rule: str, there: Snapshot, name: str, answers: Answers = NO_ANSWERS) -> list[Fix]:
    """The fixes of a recipe for the first finding of a rule."""
    known = b.facts(there)
    return [fix for fix in fixes_for(run_rule(rule, known)[0], known, answers) if fix.name == name]


def newest(there: Snapshot, fix: Fix) -> TaskDefinition:
    """The revision that a fix registers and that the service then runs."""
    later = apply_all(fix.changes, there)
    made = next(one for one in later.task_definitions if one.latest)
    assert later.services[0].task_definition == made.task_definition_arn
    return made


def written(fix: Fix) -> Any:
    """The statements that the one change of a fix writes."""
    (change,) = fix.changes
    return json.loads(str(getattr(change, "document", "")))["Statement"]


def kinds(fix: Fix) -> list[str]:
    return [type(change).__name__ for change in fix.changes]
