"""Who else is hit by a change, who would revert it, and how risky it is."""

import json
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.ecs import Service
from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.effects import Level, is_risky, risk, risks
from ecsiam_tui.changes.looking import replaced, with_fields
from ecsiam_tui.changes.plan import make
from ecsiam_tui.changes.sharing import keeper_words, keepers, shared, users_of
from ecsiam_tui.graph import Estate, build
from tests.changes.every import LOGS, every
from tests.changes.test_core import ACCOUNT, DOCUMENT, ECS, IAM, NEW


@pytest.fixture(scope="module")
def estate(demo_snapshot: Snapshot) -> Estate:
    """The graph of the demo account, made once."""
    return build(demo_snapshot)


def trust_of(name: str) -> c.UpdateTrust:
    return c.UpdateTrust(role=f"{IAM}:role/{name}", trust=DOCUMENT)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (trust_of("catalog-exec"), "used by service catalog alone"),
        (trust_of("graphql-task"), "shared by 2 services in 2 clusters: fork the role instead?"),
        (
            trust_of("settlement-exec"),
            "shared by 1 task, 1 rule and 1 state machine: fork the role instead?",
        ),
        (trust_of("ecsInstanceRole"), "shared by 2 container instances"),
        (trust_of("scheduler-reindex"), "used by schedule nightly-reindex alone"),
        (trust_of("PlatformAdmin"), ""),
        (
            c.CreatePolicyVersion(policy=f"{IAM}:policy/orders-data-access", document=DOCUMENT),
            "used by service orders alone",
        ),
        (
            c.CreatePolicyVersion(policy=f"{IAM}:policy/shared-observability", document=DOCUMENT),
            "shared by 5 services in 2 clusters and 1 task: write a policy of its own instead?",
        ),
        (
            c.SetResourcePolicy(
                kind="repository",
                resource=f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/shop-services",
                document=DOCUMENT,
            ),
            "shared by 8 services",
        ),
        (c.UpdateClusterExec(cluster=f"{ECS}:cluster/batch"), "used by service queue-worker alone"),
        (c.CreateRole(role=NEW, trust=DOCUMENT), ""),
        (c.UpdateService(service=f"{ECS}:service/prod/checkout", force_new_deployment=True), ""),
        (trust_of("nobody-has-it"), ""),
    ],
)
def test_who_shares_what_changes(estate: Estate, change: c.AnyChange, sentence: str) -> None:
    assert shared(change, estate).sentence == sentence


def test_services_and_clusters_are_named(estate: Estate) -> None:
    found = shared(trust_of("graphql-task"), estate)
    assert found.services == (f"{ECS}:service/prod/graphql", f"{ECS}:service/platform/edge-proxy")
    assert found.clusters == (f"{ECS}:cluster/prod", f"{ECS}:cluster/platform")
    assert (found.others, found.users, found.is_shared) == ((), 2, True)
    assert not shared(trust_of("catalog-exec"), estate).is_shared
    assert users_of("nothing", estate) == ()


def test_a_service_that_is_moved_away_shares_no_more(demo_snapshot: Snapshot) -> None:
    def away(service: Service) -> Service:
        return msgspec.structs.replace(service, task_definition=None, deployments=(), task_sets=())

    services = replaced(demo_snapshot.services, lambda one: one.service_name == "edge-proxy", away)
    moved = with_fields(demo_snapshot, services=services, tasks=())
    assert shared(trust_of("graphql-task"), build(moved)).sentence == "used by service graphql alone"


# Infrastructure as code


@pytest.mark.parametrize(
    ("tags", "tool"),
    [
        ({"aws:cloudformation:stack-name": "shop"}, "the CloudFormation stack shop"),
        ({"ManagedBy": "terraform"}, "Terraform"),
        ({"copilot-application": "web"}, "AWS Copilot (application web)"),
        ({"team": "web"}, None),
    ],
)
def test_who_keeps_a_thing_is_known_by_its_tags(
    demo_snapshot: Snapshot, tags: dict[str, str], tool: str | None
) -> None:
    arn = f"{IAM}:role/checkout-task"
    roles = replaced(
        demo_snapshot.roles, lambda one: one.arn == arn, lambda one: msgspec.structs.replace(one, tags=tags)
    )
    snapshot = with_fields(demo_snapshot, roles=roles)
    changes = (trust_of("checkout-task"), trust_of("catalog-task"))
    assert keepers(changes, snapshot).get(arn) == tool
    words = keeper_words(changes[0], snapshot)
    assert words == (
        f"checkout-task belongs to {tool}, which reverts what is changed here: export the patch"
        if tool
        else ""
    )


def test_a_new_revision_is_kept_by_who_keeps_its_base(demo_snapshot: Snapshot) -> None:
    base = f"{ECS}:task-definition/checkout:42"
    definitions = replaced(
        demo_snapshot.task_definitions,
        lambda one: one.task_definition_arn == base,
        lambda one: msgspec.structs.replace(one, tags={"terraform": "true"}),
    )
    snapshot = with_fields(demo_snapshot, task_definitions=definitions)
    change = c.RegisterTaskDefinition(base=base, task_definition=f"{ECS}:task-definition/checkout:43")
    assert keepers((change,), snapshot) == {base: "Terraform"}


# Risk


def statement(**fields: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | fields]})


def trusting(principal: Any, **fields: Any) -> str:
    return statement(Principal=principal, Action="sts:AssumeRole", **fields)


TASKS = {"Service": "ecs-tasks.amazonaws.com"}
ADMIN = statement(Action="*", Resource="*")
ROLE = f"{IAM}:role/old-crawler-task"


@pytest.mark.parametrize(
    ("change", "level", "reason"),
    [
        (c.CreateRole(role=NEW, trust=trusting(TASKS)), Level.LOW, ""),
        (c.CreateRole(role=NEW, trust=trusting("*")), Level.HIGH, "lets everybody in"),
        (
            c.CreateRole(role=NEW, trust=trusting({"AWS": "arn:aws:iam::210987654321:root"})),
            Level.HIGH,
            "of another account in",
        ),
        (
            c.CreateRole(role=NEW, trust=trusting({"Federated": "accounts.google.com"})),
            Level.HIGH,
            "users of accounts.google.com",
        ),
        (c.CreateRole(role=NEW, trust=trusting({"AWS": f"{IAM}:root"})), Level.MEDIUM, "lets arn"),
        (c.DeleteRole(role=ROLE), Level.HIGH, "has another identity"),
        (c.PutRolePolicy(role=ROLE, name="p", document=DOCUMENT), Level.LOW, ""),
        (c.PutRolePolicy(role=ROLE, name="p", document=ADMIN), Level.HIGH, "can take any permission"),
        (
            c.PutRolePolicy(role=ROLE, name="p", document=statement(Action="iam:Pass*", Resource="*")),
            Level.HIGH,
            "iam:PassRole on every resource",
        ),
        (
            c.PutRolePolicy(role=ROLE, name="p", document=statement(Action="s3:*", Resource="*")),
            Level.LOW,
            "",
        ),
        (c.PutBoundary(role=ROLE), Level.HIGH, "is taken away"),
        (c.TagRole(role=ROLE, tags={"a": "b"}), Level.LOW, ""),
        (
            c.AttachRolePolicy(role=ROLE, policy="arn:aws:iam::aws:policy/AdministratorAccess"),
            Level.HIGH,
            "can take any permission",
        ),
        (trust_of("catalog-exec"), Level.MEDIUM, "used by service catalog alone"),
        (trust_of("ecs-exec"), Level.HIGH, "shared by 19 services in 2 clusters"),
        (c.CreatePolicy(policy=f"{IAM}:policy/x", document=ADMIN), Level.HIGH, "any permission"),
        (
            c.SetResourcePolicy(
                kind="key", resource=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k", document=DOCUMENT
            ),
            Level.HIGH,
            "locks everybody out",
        ),
        (
            c.UpdateService(service=f"{ECS}:service/prod/orders", force_new_deployment=True),
            Level.MEDIUM,
            "running task",
        ),
        (
            c.UpdateService(service=f"{ECS}:service/prod/orders", enable_execute_command=True),
            Level.MEDIUM,
            "gets a shell",
        ),
        (c.CreateLogGroup(log_group=f"{LOGS}:x"), Level.LOW, ""),
        (c.DeleteLogGroup(log_group=f"{LOGS}:x"), Level.HIGH, "all that was logged"),
        (
            c.UpdateClusterExec(cluster=f"{ECS}:cluster/prod", configuration={"logging": "NONE"}),
            Level.MEDIUM,
            "not logged",
        ),
        (
            c.UpdateClusterExec(cluster=f"{ECS}:cluster/prod", configuration={"logging": "DEFAULT"}),
            Level.LOW,
            "",
        ),
    ],
)
def test_the_risk_of_a_change_and_why(
    demo_snapshot: Snapshot, estate: Estate, change: c.AnyChange, level: Level, reason: str
) -> None:
    found = risk(change, demo_snapshot, estate)
    assert found.level == level, found
    assert reason in (found.reasons[0] if found.reasons else "")
    assert bool(reason) == bool(found.reasons)


SOURCE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
OTHER = {"AWS": "arn:aws:iam::210987654321:root"}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Sid": "Never"}


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        (trusting(TASKS, Condition=SOURCE), trusting(TASKS, Condition=SOURCE), Level.LOW),
        (trusting(TASKS), trusting(TASKS, Condition=SOURCE), Level.LOW),
        (trusting(TASKS, Condition=SOURCE), trusting(TASKS), Level.MEDIUM),
        (trusting(OTHER, Condition=SOURCE), trusting(OTHER), Level.HIGH),
        (trusting(OTHER), trusting(TASKS), Level.MEDIUM),
        (trusting(TASKS), trusting(OTHER), Level.HIGH),
        (
            json.dumps({"Statement": [json.loads(trusting(TASKS))["Statement"][0], DENY]}),
            trusting(TASKS),
            Level.HIGH,
        ),
    ],
)
def test_a_wider_trust_is_risky_and_a_narrower_one_is_not(
    demo_snapshot: Snapshot, estate: Estate, old: str, new: str, level: Level
) -> None:
    roles = replaced(
        demo_snapshot.roles,
        lambda one: one.arn == ROLE,
        lambda one: msgspec.structs.replace(one, assume_role_policy_document=old),
    )
    snapshot = with_fields(demo_snapshot, roles=roles)
    assert risk(c.UpdateTrust(role=ROLE, trust=new), snapshot, estate).level == level


def test_a_family_that_something_follows_is_not_only_registered(
    demo_snapshot: Snapshot, estate: Estate
) -> None:
    rule = next(one for one in demo_snapshot.rules if one.targets)
    base = f"{ECS}:task-definition/checkout:42"
    change = c.RegisterTaskDefinition(base=base, task_definition=f"{ECS}:task-definition/checkout:43")
    assert risk(change, demo_snapshot, estate).level is Level.LOW
    target = rule.targets[0]
    asked = msgspec.structs.replace(target.ecs_parameters, task_definition_arn=base.rpartition(":")[0])
    follower = msgspec.structs.replace(rule, targets=(msgspec.structs.replace(target, ecs_parameters=asked),))
    snapshot = with_fields(demo_snapshot, rules=(follower,))
    assert "takes the new revision at once" in risk(change, snapshot, estate).reasons[0]


def test_one_risky_change_makes_a_plan_risky(demo_snapshot: Snapshot, estate: Estate) -> None:
    harmless = (
        c.CreateRole(role=NEW, trust=trusting(TASKS)),
        c.PutRolePolicy(role=NEW, name="p", document=DOCUMENT),
    )
    plan = make(demo_snapshot, harmless)
    assert not is_risky(plan, demo_snapshot, estate)
    worse = make(demo_snapshot, (*harmless, c.DeleteRole(role=NEW)))
    assert [one.level.word for one in risks(worse, demo_snapshot, estate)] == ["low", "low", "high"]
    assert is_risky(worse, demo_snapshot)


def test_every_change_has_a_risk(demo_snapshot: Snapshot, estate: Estate) -> None:
    found = {kind: risk(change, demo_snapshot, estate) for kind, change in every(demo_snapshot).items()}
    assert all(one.reasons for one in found.values() if one.level > Level.LOW)
    assert {one.level for one in found.values()} == set(Level)
