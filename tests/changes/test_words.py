"""Changes in words."""

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.words import tell
from tests.changes.test_core import KINDS, cases

ROLE = "arn:aws:iam::123456789012:role/team/app"
BASE = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:4"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (c.CreateRole(role=ROLE, trust="{}"), "+ app  create role"),
        (c.PutRolePolicy(role=ROLE, name="p", document="{}"), "~ app  put inline policy p"),
        (c.PutBoundary(role=ROLE), "~ app  delete permissions boundary"),
        (c.TagRole(role=ROLE, tags={"a": "b"}, remove=("c",)), "~ app  set tags a=b and remove tags c"),
        (
            c.RegisterTaskDefinition(
                base=BASE,
                task_definition=BASE.replace(":4", ":5"),
                edits=(c.Edit(path=("taskRoleArn",), value=ROLE), c.Edit(path=("volumes",), remove=True)),
            ),
            "+ web:5  register from web:4: taskRoleArn app; without volumes",
        ),
        (
            c.UpdateService(
                service="arn:aws:ecs:eu-west-1:123456789012:service/prod/web",
                task_definition=BASE,
                enable_execute_command=True,
            ),
            "~ web  roll out web:4, ECS Exec on",
        ),
        (
            c.CreateServiceLinkedRole(service="ecs.amazonaws.com"),
            "+ ecs.amazonaws.com  create service-linked role",
        ),
    ],
)
def test_a_change_in_words(change: c.AnyChange, line: str) -> None:
    assert tell(change).line == line


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words(demo_snapshot: Snapshot, kind: str) -> None:
    told = tell(cases(demo_snapshot)[kind])
    assert told.kind
    assert told.what != "nothing"
    assert told.target in cases(demo_snapshot)[kind].target
