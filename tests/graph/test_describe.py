"""What is said of nodes."""

from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.ecs import CapacityProvider
from ecsiam_tui.account.iam import Role, RoleLastUsed
from ecsiam_tui.account.resources import SecretResource
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.graph import Estate, NodeKind, build
from ecsiam_tui.graph.describe import describe, kind_words
from tests.graph.builders import (
    CLUSTER,
    DEFINITION,
    NOW,
    ROLE,
    SERVICE,
    arn,
    attached,
    cluster,
    container,
    convert,
    definition,
    estate,
    gap,
    policy,
    role,
    service,
    statement,
    task,
    trust,
)


def said(graph: Estate, node_id: str) -> dict[str, list[tuple[str, str]]]:
    """label → (text, tone) of all facts of a node."""
    facts: dict[str, list[tuple[str, str]]] = {}
    for section in describe(graph, graph.node(node_id)):
        for fact in section.facts:
            facts.setdefault(fact.label, []).append((fact.text, fact.tone))
    return facts


def test_every_node_of_the_demo_account_is_described(demo_snapshot: Snapshot) -> None:
    graph = build(demo_snapshot)
    for node in graph.nodes():
        sections = describe(graph, node)
        assert sections[0].facts
        for section in sections:
            assert section.facts
            for fact in section.facts:
                assert fact.text is not None
                assert fact.node_id is None or fact.node_id in graph
        assert kind_words(node)


# Kinds of which no more is said than what they are.
PLAIN = {
    NodeKind.EXPRESS_SERVICE, NodeKind.GATEWAY, NodeKind.TASK_SET, NodeKind.DAEMON_TASK_DEFINITION,
    NodeKind.INSTANCE_PROFILE, NodeKind.ACTIVATION, NodeKind.MANAGED_NODE, NodeKind.USER, NodeKind.GROUP,
    NodeKind.PRINCIPAL, NodeKind.STATE_MACHINE, NodeKind.DEPLOYMENT_GROUP,
    NodeKind.SCALABLE_TARGET, NodeKind.JOB_DEFINITION, NodeKind.IMAGE,
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(NodeKind) - PLAIN))
def test_each_kind_that_was_read_says_more_than_its_arn(demo_snapshot: Snapshot, kind: NodeKind) -> None:
    graph = build(demo_snapshot)
    nodes = [node for node in graph.nodes(kind) if node.record is not None]
    assert nodes
    for node in nodes:
        assert sum(len(section.facts) for section in describe(graph, node)) > 1


@pytest.mark.parametrize(
    ("fields", "node", "says", "tone"),
    [
        ({}, arn("iam", "role/gone"), "does not exist", "bad"),
        ({"gaps": (gap("roles"),)}, arn("iam", "role/gone"), "could not be read", "warn"),
        ({}, arn("iam", "role/far", account="444455556666"), "444455556666", "dim"),
    ],
)
def test_states_in_words(fields: dict[str, Any], node: str, says: str, tone: str) -> None:
    graph = estate(
        task_definitions=(
            definition(taskRoleArn="gone", executionRoleArn="arn:aws:iam::444455556666:role/far"),
        ),
        **fields,
    )
    ((text, found),) = said(graph, node)["state"]
    assert says in text
    assert found == tone


def test_a_role() -> None:
    graph = estate(
        clusters=(cluster(),),
        services=(service(taskDefinition=DEFINITION), service("api", taskDefinition=DEFINITION)),
        task_definitions=(definition(taskRoleArn=ROLE),),
        roles=(
            role(
                "web-task",
                statement("iam:PassRole", arn("iam", "role/ci")),
                statement(),
                attached_managed_policies=attached("unread"),
                assume_role_policy_document=trust({"Service": "ecs-tasks.amazonaws.com"}),
                role_last_used=RoleLastUsed(last_used_date=NOW, region="eu-west-1"),
            ),
            role("ci"),
        ),
    )
    facts = said(graph, ROLE)
    assert facts["used as"] == [("task role", "plain")]
    assert facts["shared by"] == [("2 services: web, api", "warn")]
    assert facts["trusts"] == [("ecs-tasks.amazonaws.com", "plain")]
    assert facts["last used"] == [("2026-11-01 09:30 in eu-west-1", "plain")]
    assert facts["may pass"] == [("ci", "warn")]
    assert facts["inline"] == [("own  2 statements", "plain")]
    assert facts["attached"] == [("unread  not read", "warn")]
    idle = said(graph, arn("iam", "role/ci"))
    assert idle["used as"] == [("nothing that was read uses it", "dim")]
    assert idle["trusts"] == [("nobody", "warn")]
    assert "may pass" not in idle


def test_a_role_of_one_service_leads_to_it() -> None:
    graph = estate(services=(service(roleArn=ROLE),), roles=(role(),))
    (fact,) = [fact for fact in describe(graph, graph.node(ROLE))[0].facts if fact.label == "service"]
    assert (fact.text, fact.node_id) == ("web", SERVICE)


def test_a_service_says_its_roles_and_which_are_missing() -> None:
    graph = estate(
        clusters=(cluster(),),
        services=(service(taskDefinition=DEFINITION, desiredCount=3, runningCount=1),),
        task_definitions=(definition(executionRoleArn="gone"),),
    )
    facts = said(graph, SERVICE)
    assert facts["tasks"] == [("1 running of 3 desired", "warn")]
    assert facts["task role"] == [("none", "dim")]
    assert facts["execution role"] == [("gone  does not exist", "bad")]


def test_a_cluster_has_no_role() -> None:
    facts = said(estate(clusters=(cluster(),), services=(service(),)), CLUSTER)
    assert "no role of its own" in facts["role"][0][0]
    assert facts["services"] == [("1", "plain")]


def test_variables_that_look_like_secrets_stand_out() -> None:
    environment = [
        {"name": "TOKEN", "looksLikeSecret": "token", "fingerprint": "ab", "length": 40},
        {"name": "PORT"},
        {"name": "HOST"},
    ]
    containers = container(environment=environment, privileged=True)
    graph = estate(task_definitions=(definition(containerDefinitions=containers),))
    facts = said(graph, DEFINITION)
    assert facts["environment"] == [
        ("TOKEN  looks like a secret (token), in plain text", "bad"),
        ("PORT, HOST", "plain"),
    ]
    assert facts["privileged"][0][1] == "warn"


def test_a_stopped_task_says_why() -> None:
    stopped = task(
        lastStatus="STOPPED",
        stopCode="TaskFailedToStart",
        stoppedReason="CannotPullContainerError",
        containers=[{"name": "a", "reason": "no such image"}, {"name": "b", "exitCode": 1}],
        overrides={"taskRoleArn": ROLE},
    )
    facts = said(estate(tasks=(stopped,)), stopped.task_arn)
    assert facts["stopped"] == [("CannotPullContainerError", "bad")]
    assert facts["a"] == [("no such image", "bad")]
    assert facts["b"] == [("exit code 1", "plain")]
    assert facts["task role"] == [(ROLE, "warn")]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (msgspec.UNSET, ("not read", "warn")),
        (None, ("none", "plain")),
        ("{}", ("set (see JSON)", "plain")),
    ],
)
def test_a_resource_policy_that_was_not_read_is_not_none(value: Any, says: tuple[str, str]) -> None:
    secret = SecretResource(arn=arn("secretsmanager", "secret:db-AbCdEf"), name="db", policy=value)
    assert said(estate(secrets=(secret,)), secret.arn)["resource policy"] == [says]


def test_a_policy_says_who_holds_it_and_what_is_wrong_with_it() -> None:
    graph = estate(
        roles=tuple(role(f"r{number}", attached_managed_policies=attached("p")) for number in range(10)),
        policies=(policy("p", {"Effect": "Allow"}, statement(Sid="Read")),),
    )
    facts = said(graph, arn("iam", "policy/p"))
    assert len(facts["attached to"]) == 8
    assert facts[""] == [("and 2 more (see used by)", "dim")]
    assert facts["Read"] == [("Allow  s3:GetObject", "plain")]
    assert facts["line 1"][0][1] == "bad"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"managedInstancesProvider": {}}, "Managed Instances"),
        ({"autoScalingGroupProvider": {"autoScalingGroupArn": "asg"}}, "Auto Scaling group"),
        ({}, "Fargate"),
    ],
)
def test_kinds_of_capacity(fields: dict[str, Any], kind: str) -> None:
    provider = convert(CapacityProvider, capacityProviderArn="cp", name="cp", **fields)
    facts = said(estate(capacity_providers=(provider,)), "cp")
    assert facts["kind"] == [(kind, "plain")]
    assert facts.get("group") == ([("asg", "plain")] if "group" in kind else None)


@pytest.mark.parametrize("text", ["", "[" * 100_000, '{"Statement": ' * 5_000, "x" * 1_000_000])
def test_no_document_is_too_odd_to_be_described(text: str) -> None:
    odd = Role(role_name="odd", arn=ROLE, assume_role_policy_document=text)
    graph = estate(roles=(odd,), policies=(policy("p", document=text),))
    for node in graph.nodes():
        assert describe(graph, node)
