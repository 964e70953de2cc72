"""The JSON behind a node."""

import json
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.iam import InlinePolicy
from ecsiam_tui.account.records import UNSET
from ecsiam_tui.account.resources import Bucket, Key, LambdaFunction, Repository
from ecsiam_tui.account.snapshot import Organization, OrganizationPolicy, Snapshot
from ecsiam_tui.graph import Estate, Node, NodeKind, build
from ecsiam_tui.graph.documents import document_text, record_data, record_json
from tests.graph.builders import (
    CLUSTER,
    DEFINITION,
    ROLE,
    arn,
    cluster,
    container,
    definition,
    document,
    estate,
    policy,
    role,
    statement,
    trust,
)

LINES = """
{
   "Version" : "2012-10-17",
\t"Statement": [ {"Effect":"Allow", "Action":["s3:*"],"Resource":"*"} ]
}
"""
ONE_LINE = document(statement("s3:GetObject", "arn:aws:s3:::a/*"))
BROKEN = '{"Version": "2012-10-17", "Statement": ['
DEEP = "[" * 5000 + "]" * 5000
SCP = "arn:aws:organizations::999999999999:policy/o-1/service_control_policy/p-1"
POLICY = arn("iam", "policy/shared")


def with_policies(text: str) -> Estate:
    """A managed, an inline and an organization policy of this text."""
    scp = OrganizationPolicy(id="p-1", arn=SCP, name="guard", type="SERVICE_CONTROL_POLICY", content=text)
    return estate(
        policies=(policy("shared", document=text),),
        roles=(role(role_policy_list=(InlinePolicy(policy_name="own", policy_document=text),)),),
        organization=Organization(id="o-1", management_account_id="999999999999", policies=(scp,)),
    )


POLICIES = [POLICY, f"{ROLE}#own", SCP]


@pytest.mark.parametrize("node_id", POLICIES)
@pytest.mark.parametrize("text", [LINES, ONE_LINE, BROKEN, DEEP, '"é\\u202e"'])
def test_a_policy_is_given_as_aws_stores_it(node_id: str, text: str) -> None:
    assert document_text(with_policies(text).node(node_id)) == text


@pytest.mark.parametrize("node_id", POLICIES)
def test_a_policy_of_several_lines_is_shown_as_its_author_wrote_it(node_id: str) -> None:
    assert record_json(with_policies(LINES).node(node_id)) == LINES


@pytest.mark.parametrize("node_id", POLICIES)
def test_a_policy_of_one_line_is_indented(node_id: str) -> None:
    shown = record_json(with_policies(ONE_LINE).node(node_id))
    assert json.loads(shown) == json.loads(ONE_LINE)
    assert '\n  "Statement": [\n    {\n      "Effect": "Allow"' in shown


@pytest.mark.parametrize("node_id", POLICIES)
@pytest.mark.parametrize("text", [BROKEN, DEEP])
def test_a_policy_that_cannot_be_read_is_shown_as_it_is(node_id: str, text: str) -> None:
    shown = record_json(with_policies(text).node(node_id))
    assert "".join(shown.split()) == "".join(text.split())


def test_a_policy_without_a_document_shows_its_record() -> None:
    graph = estate(policies=(policy("shared", document="", description="not read"),))
    assert json.loads(record_json(graph.node(POLICY)))["Description"] == "not read"


def test_other_nodes_hold_no_document_of_their_own() -> None:
    graph = estate(clusters=(cluster(),), roles=(role(assume_role_policy_document=trust("*")),))
    assert document_text(graph.node(CLUSTER)) == ""
    assert document_text(graph.node(ROLE)) == ""


def test_a_record_is_spelled_as_aws_spells_it() -> None:
    image = "1" * 12 + ".dkr.ecr.eu-west-1.amazonaws.com/web:1"
    graph = estate(task_definitions=(definition(containerDefinitions=container(image=image)),))
    data = json.loads(record_json(graph.node(DEFINITION)))
    assert data["taskDefinitionArn"] == DEFINITION
    assert data["containerDefinitions"][0]["image"] == image
    assert record_json(graph.node(DEFINITION)).startswith('{\n  "taskDefinitionArn": ')


RESOURCES: list[tuple[str, Any, str, str]] = [
    ("repositories", Repository(repository_arn="r", repository_name="r", policy=ONE_LINE), "r", "policy"),
    ("buckets", Bucket(arn="b", name="b", policy=ONE_LINE), "b", "Policy"),
    ("keys", Key(arn="k", key_id="k", policy=ONE_LINE), "k", "Policy"),
    ("functions", LambdaFunction(function_arn="f", function_name="f", policy=ONE_LINE), "f", "Policy"),
]


@pytest.mark.parametrize(("field", "record", "node_id", "name"), RESOURCES, ids=lambda value: str(value)[:8])
def test_documents_within_a_record_are_decoded(field: str, record: Any, node_id: str, name: str) -> None:
    node = estate(**{field: (record,)}).node(node_id)
    assert record_data(node)[name] == json.loads(ONE_LINE)
    assert json.loads(record_json(node))[name] == json.loads(ONE_LINE)
    assert node.record is record


def test_a_role_shows_its_trust_and_its_inline_policies_decoded() -> None:
    graph = estate(
        roles=(role("web-task", statement("s3:*"), assume_role_policy_document=trust({"AWS": "1" * 12})),)
    )
    data = json.loads(record_json(graph.node(ROLE)))
    assert data["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": "1" * 12}
    assert data["RolePolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == "s3:*"


@pytest.mark.parametrize("text", [BROKEN, DEEP, "", "not JSON"])
def test_a_document_within_that_cannot_be_read_stays_a_text(text: str) -> None:
    graph = estate(buckets=(Bucket(arn="b", name="b", policy=text),))
    assert json.loads(record_json(graph.node("b")))["Policy"] == text


@pytest.mark.parametrize("depth", range(180, 260, 5))
def test_documents_of_any_depth_are_shown(depth: int) -> None:
    """Decoding and encoding stop at different depths."""
    text = "[" * depth + "]" * depth
    assert record_json(estate(buckets=(Bucket(arn="b", name="b", policy=text),)).node("b"))


def test_texts_that_look_like_json_elsewhere_stay_texts() -> None:
    graph = estate(roles=(role(description='{"a": 1}', tags={"Policy": "a", "content": "b"}),))
    data = json.loads(record_json(graph.node(ROLE)))
    assert data["Description"] == '{"a": 1}'
    assert data["Tags"] == {"Policy": "a", "content": "b"}


@pytest.mark.parametrize(
    ("value", "shown"), [(UNSET, {}), (None, {"Policy": None})], ids=["not read", "none"]
)
def test_not_read_is_not_shown_as_none(value: Any, shown: dict[str, Any]) -> None:
    data = record_data(estate(buckets=(Bucket(arn="b", name="b", policy=value),)).node("b"))
    assert {key: data[key] for key in data if key == "Policy"} == shown


def test_what_is_only_referred_to_says_so() -> None:
    graph = estate(task_definitions=(definition(taskRoleArn="gone"),))
    gone = arn("iam", "role/gone")
    assert json.loads(record_json(graph.node(gone))) == {"id": gone, "kind": "role", "state": "missing"}


def test_every_node_of_the_demo_account_has_json(demo_snapshot: Snapshot) -> None:
    graph = build(demo_snapshot)
    for node in graph.nodes():
        data = json.loads(record_json(node))
        assert isinstance(data, dict), node.id
        if node.record is not None and not document_text(node):
            assert set(data) == set(msgspec.to_builtins(node.record)), node.id


def test_every_document_of_the_demo_account_is_shown_with_its_lines(demo_snapshot: Snapshot) -> None:
    nodes: list[Node] = []
    for kind in (NodeKind.POLICY, NodeKind.INLINE_POLICY, NodeKind.ORGANIZATION_POLICY):
        nodes += [node for node in build(demo_snapshot).nodes(kind) if document_text(node)]
    assert len(nodes) > 20
    for node in nodes:
        text, shown = document_text(node), record_json(node)
        assert json.loads(shown) == json.loads(text)
        assert shown.count("\n") > 2
        if "\n" in text.strip():
            assert shown == text
