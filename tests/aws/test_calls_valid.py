"""Every call of every change is one that botocore would send."""

import copy
from typing import Any, get_args

import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.validation import problems, problems_of
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.calling import Call, Read
from ecsiam_tui.changes.calls import calls
from tests.changes.every import ANSWERS, MORE, every
from tests.changes.test_core import KINDS


def answer_for(call: Call) -> dict[str, Any] | None:
    """What the call's base answers; the rule's target has the id that is asked for."""
    answer = copy.deepcopy(ANSWERS.get(call.prepare))
    if answer is not None and call.prepare == "rule-target":
        answer["Targets"][1]["Id"] = call.parameters["Targets"][0]["Id"]
    return answer


@pytest.mark.parametrize("kind", [*KINDS, *MORE])
def test_the_parameters_are_those_of_the_operation(demo_snapshot: Snapshot, kind: str) -> None:
    made = calls(every(demo_snapshot)[kind], demo_snapshot)
    assert made
    assert [problem for call in made for problem in problems_of(call, answer_for(call))] == []


def test_every_kind_of_change_is_among_them(demo_snapshot: Snapshot) -> None:
    assert {*KINDS, *MORE} == set(every(demo_snapshot))
    assert {type(one) for one in every(demo_snapshot).values()} == set(get_args(c.AnyChange))


@pytest.mark.parametrize(
    ("service", "operation", "given", "message"),
    [
        ("iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "p"}, "PolicyDocument"),
        ("iam", "PutRolePolicy", {"RoleName": 1, "PolicyName": "p", "PolicyDocument": "{}"}, "RoleName"),
        ("iam", "DeleteRole", {"RoleName": "r", "Path": "/"}, "Unknown parameter"),
        ("ecs", "UpdateEverything", {}, "no operation UpdateEverything"),
        ("nothing", "Do", {}, "no service nothing"),
    ],
)
def test_what_is_wrong_is_said(service: str, operation: str, given: dict[str, Any], message: str) -> None:
    (problem,) = problems(service, operation, given)
    assert message in problem


def test_a_base_is_validated_and_a_target_that_is_gone_is_told() -> None:
    base = Read("events", "ListTargetsByRule", {"Rule": "r", "Unknown": 1})
    call = Call("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1"}]}, "", base, "rule-target")
    assert "Unknown" in problems_of(call)[0]
    assert problems_of(call, {"Targets": []})[1] == "the rule r has no target 1 any more"
