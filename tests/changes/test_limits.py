"""What AWS would refuse, by change."""

import json
import re
from typing import Any

import msgspec
import pytest

from ecsiam_tui.account.iam import AttachedPolicy
from ecsiam_tui.account.snapshot import Gap, Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import apply_all
from ecsiam_tui.changes.applying_ecs import next_revision
from ecsiam_tui.changes.limits import check, errors
from ecsiam_tui.changes.looking import replaced, with_fields
from ecsiam_tui.changes.plan import Plan
from tests.changes.every import LOGS
from tests.changes.test_core import ACCOUNT, ECS, IAM, KINDS, NEW, cases

ROLE = f"{IAM}:role/checkout-task"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
LINKED = f"{IAM}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"


def document(**statement: Any) -> str:
    base = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [base | statement]})


def trust(principal: Any = None, **statement: Any) -> str:
    one: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    one["Principal"] = principal or {"Service": "ecs-tasks.amazonaws.com"}
    return json.dumps({"Version": "2012-10-17", "Statement": [one | statement]})


def create(name: str = "fresh", path: str = "/", text: str = "", **fields: Any) -> c.CreateRole:
    return c.CreateRole(role=f"{IAM}:role{path}{name}", trust=text or trust(), **fields)


def put(text: str, name: str = "p") -> c.PutRolePolicy:
    return c.PutRolePolicy(role=ROLE, name=name, document=text)


def long(size: int) -> str:
    """A document of about so many characters."""
    return document(Resource=[f"arn:aws:s3:::bucket/{'x' * (size - 120)}"])


def source_arn(value: str | list[str], operator: str = "ArnLike") -> str:
    return trust(Condition={operator: {"aws:SourceArn": value}})


REFUSED: dict[str, tuple[c.AnyChange, str]] = {
    "long role name": (create("x" * 65), "1 to 64 of letters"),
    "role name": (create("a b"), "'a b' is no name of a role"),
    "taken name": (create("CHECKOUT-task"), "there is a role CHECKOUT-task already"),
    "path": (create(path="//a/"), "'//a/' is no path"),
    "role elsewhere": (
        c.CreateRole(role="arn:aws:iam::210987654321:role/x", trust=trust()),
        "belongs to account 210987654321",
    ),
    "session": (create(max_session_duration=60), "from 3,600 to 43,200"),
    "description": (create(description="“quoted”"), "none beyond U\\+00FF"),
    "tags": (create(tags={f"k{number}": "" for number in range(51)}), "51 tags; 50 are allowed"),
    "tag": (create(tags={"a": "x" * 257}), "256 for its value"),
    "tag sign": (create(tags={"a!": "x"}), "the tag 'a!'"),
    "aws tag": (create(tags={"aws:x": "y"}), "begin with aws:"),
    "tags of one key": (create(tags={"Team": "a", "team": "b"}), "stands twice"),
    "added tags": (c.TagRole(role=ROLE, tags={f"k{number}": "" for number in range(50)}), "tags; 50"),
    "trust size": (create(text=source_arn(f"arn:aws:ecs:::{'x' * 2100}")), "2,048 are allowed"),
    "no principal": (create(text=document()), "needs a Principal"),
    "unknown principal": (
        create(text=trust({"AWS": f"{IAM}:role/nobody"})),
        "names the role nobody, which does not exist",
    ),
    "deleted principal": (
        c.UpdateTrust(role=ROLE, trust=trust({"AWS": "AROAQ3EGRGZS5EXAMPLE7"})),
        "stands for a role or user that was deleted",
    ),
    "cluster in SourceArn": (
        c.UpdateTrust(role=ROLE, trust=source_arn(f"{ECS}:cluster/prod")),
        "no cluster in aws:SourceArn",
    ),
    "not JSON": (put("{"), "the inline policy p, line 1"),
    "no resource": (put(json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:*"}]})), "Resource"),
    "character": (put(document(Resource="arn:aws:s3:::QUOTE").replace("QUOTE", "“")), "U\\+201C"),
    "sid": (put(document(Sid="two words")), "letters and digits alone"),
    "inline name": (put(document(), "a/b"), "'a/b' is no name of an inline policy"),
    "inline size": (put(long(10_300)), "10,240 are allowed"),
    "attach nothing": (
        c.AttachRolePolicy(role=ROLE, policy=f"{IAM}:policy/none"),
        "none does not exist; make it",
    ),
    "attach of a service": (
        c.AttachRolePolicy(
            role=ROLE, policy="arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"
        ),
        "service-linked roles alone",
    ),
    "attach elsewhere": (
        c.AttachRolePolicy(role=ROLE, policy="arn:aws:iam::210987654321:policy/x"),
        "belongs to account 210987654321; copy it",
    ),
    "boundary": (c.PutBoundary(role=ROLE, boundary=f"{IAM}:policy/none"), "none does not exist"),
    "service-linked": (c.UpdateTrust(role=LINKED, trust=trust()), "AWS alone may change it"),
    "in use": (c.DeleteRole(role=ROLE), "checkout-task is in use by"),
    "profile": (
        c.SetInstanceProfileRole(profile=f"{IAM}:instance-profile/ecsInstanceRole", role=f"{IAM}:role/none"),
        "none does not exist",
    ),
    "policy size": (c.CreatePolicy(policy=f"{IAM}:policy/p", document=long(6_200)), "6,144 are allowed"),
    "policy name": (c.CreatePolicy(policy=f"{IAM}:policy/{'p' * 129}", document=document()), "1 to 128"),
    "policy taken": (
        c.CreatePolicy(policy=f"{IAM}:policy/x/ORDERS-data-access", document=document()),
        "there is a policy ORDERS-data-access already",
    ),
    "AWS's own": (
        c.CreatePolicyVersion(policy="arn:aws:iam::aws:policy/ReadOnlyAccess", document=document()),
        "is AWS's own",
    ),
    "attached": (
        c.DeletePolicy(policy=f"{IAM}:policy/shared-observability"),
        "attached to checkout-task, graphql-task",
    ),
    "bounding": (c.DeletePolicy(policy=f"{IAM}:policy/boundaries/team-boundary"), "attached to ledger-task"),
    "key without a way back": (
        c.SetResourcePolicy(kind="key", resource=KEY, document=trust({"AWS": "*"}, Action="kms:Decrypt")),
        "allows kms:PutKeyPolicy",
    ),
    "key policy away": (c.SetResourcePolicy(kind="key", resource=KEY), "always has a policy"),
    "repository size": (
        c.SetResourcePolicy(
            kind="repository",
            resource=f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/x",
            document=trust({"AWS": "*"}, Action=["ecr:BatchGetImage"] * 600),
        ),
        "10,240 are allowed",
    ),
    "resource elsewhere": (
        c.SetResourcePolicy(
            kind="secret",
            resource="arn:aws:secretsmanager:eu-west-1:210987654321:secret:x",
            document=trust({"AWS": "*"}, Action="secretsmanager:GetSecretValue", Resource="*"),
        ),
        "belongs to account 210987654321",
    ),
    "log group": (c.CreateLogGroup(log_group=f"{LOGS}:a b"), "no name of a log group"),
    "retention": (c.CreateLogGroup(log_group=f"{LOGS}:a", retention_in_days=2), "not 2"),
    "cluster": (c.UpdateClusterExec(cluster=f"{ECS}:cluster/none"), "no cluster none"),
    "cluster logs nowhere": (
        c.UpdateClusterExec(cluster=f"{ECS}:cluster/prod", configuration={"logging": "OVERRIDE"}),
        "OVERRIDE needs a logConfiguration",
    ),
    "cluster logs": (
        c.UpdateClusterExec(
            cluster=f"{ECS}:cluster/prod",
            configuration={"logging": "DEFAULT", "logConfiguration": {"s3BucketName": "b"}},
        ),
        "needs the logging OVERRIDE",
    ),
    "no task definition": (
        c.UpdateService(service=f"{ECS}:service/prod/orders", task_definition=f"{ECS}:task-definition/x:1"),
        "x:1 was not read",
    ),
    "inactive": (
        c.UpdateService(
            service=f"{ECS}:service/prod/orders", task_definition=f"{ECS}:task-definition/edge-proxy:11"
        ),
        "edge-proxy:11 is INACTIVE",
    ),
    "CodeDeploy": (
        c.UpdateService(service=f"{ECS}:service/prod/accounts", force_new_deployment=True),
        "deployment controller CODE_DEPLOY",
    ),
    "schedule": (
        c.UpdateSchedule(schedule=f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:schedule/a/none", role=ROLE),
        "no such schedule none",
    ),
    "rule without role": (
        c.PutRuleTarget(rule=f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/x", target_id="1", role=""),
        "cannot be left without a role",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_told_with_its_source(demo_snapshot: Snapshot, case: str) -> None:
    change, message = REFUSED[case]
    found = errors(change, demo_snapshot)
    assert any(re.search(message, one.message) for one in found), found
    assert all(one.source and one.index == 0 and "\n" not in one.message for one in found)


FINE: dict[str, c.AnyChange] = {
    "role": create(tags={"Team": "a b/c+d@e"}, description="what: it's ä"),
    "role with a path": create(path="/team/a/"),
    "longest role name": create("x" * 64),
    "source arn": c.UpdateTrust(role=ROLE, trust=source_arn(f"arn:aws:ecs:*:{ACCOUNT}:*")),
    "not a cluster": c.UpdateTrust(role=ROLE, trust=source_arn(f"{ECS}:cluster/prod", "ArnNotLike")),
    "whitespace": put(document() + " " * 20_000),
    "inline": put(long(9_000), "app"),
    "account": create(text=trust({"AWS": f"{IAM}:root"})),
    "other account": create(text=trust({"AWS": "arn:aws:iam::210987654321:role/there"})),
    "own principal": create(text=trust({"AWS": ROLE})),
    "AWS-managed": c.AttachRolePolicy(role=ROLE, policy="arn:aws:iam::aws:policy/NotReadHere"),
    "unused role": c.DeleteRole(role=f"{IAM}:role/old-crawler-task"),
    "tags of a service-linked role": c.TagRole(role=LINKED, tags={"a": "b"}),
    "key": c.SetResourcePolicy(
        kind="key", resource=KEY, document=trust({"AWS": f"{IAM}:root"}, Action="kms:*", Resource="*")
    ),
    "sid of a resource policy": c.SetResourcePolicy(
        kind="key",
        resource=KEY,
        document=trust({"AWS": f"{IAM}:root"}, Action="kms:*", Resource="*", Sid="Enable IAM"),
    ),
    "log group": c.CreateLogGroup(log_group=f"{LOGS}:/ecs/a", retention_in_days=30),
}


@pytest.mark.parametrize("case", FINE)
def test_what_is_taken_is_no_error(demo_snapshot: Snapshot, case: str) -> None:
    assert errors(FINE[case], demo_snapshot) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_that_fits_is_no_error(demo_snapshot: Snapshot, kind: str) -> None:
    assert errors(cases(demo_snapshot)[kind], demo_snapshot) == ()


def test_documents_of_the_account_can_be_written_again(demo_snapshot: Snapshot) -> None:
    changes: list[c.AnyChange] = [
        c.PutRolePolicy(role=role.arn, name=one.policy_name, document=one.policy_document)
        for role in demo_snapshot.roles
        for one in role.role_policy_list
        if not role.is_service_linked
    ]
    changes += [
        c.CreatePolicyVersion(policy=one.arn, document=one.document)
        for one in demo_snapshot.policies
        if not one.is_aws_managed
    ]
    assert len(changes) > 20
    assert [found for change in changes for found in errors(change, demo_snapshot)] == []


@pytest.mark.parametrize(
    ("edits", "name", "message"),
    [
        ({"executionRoleArn": None}, "checkout", "checkout needs a task execution role"),
        ({"executionRoleArn": "arn:aws:iam::210987654321:role/x"}, "checkout", "of account 210987654321"),
        ({"taskRoleArn": f"{IAM}:role/none"}, "checkout", "taskRoleArn none does not exist"),
        ({"taskRoleArn": "none"}, "checkout", "taskRoleArn none does not exist"),
        ({"taskRoleArn": "checkout-task"}, "checkout", ""),
        ({"taskRoleArn": None}, "checkout", ""),
    ],
)
def test_a_revision_that_ecs_refuses(
    demo_snapshot: Snapshot, edits: dict[str, Any], name: str, message: str
) -> None:
    service = next(one for one in demo_snapshot.services if one.service_name == name)
    base = service.task_definition or ""
    change = c.RegisterTaskDefinition(
        base=base,
        task_definition=next_revision(base, demo_snapshot),
        edits=tuple(c.Edit(path=(key,), value=value, remove=value is None) for key, value in edits.items()),
    )
    found = errors(change, demo_snapshot)
    assert bool(found) == bool(message)
    assert all(message in one.message for one in found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            c.CreatePolicyVersion(policy=f"{IAM}:policy/shared-observability", document=document()),
            "v1 is deleted",
        ),
        (put(json.dumps({"Version": "2012-10-17", "Statement": []})), "has no statement"),
        (
            c.UpdateService(service=f"{ECS}:service/prod/checkout", enable_execute_command=False),
            "force a new deployment",
        ),
        (
            c.UpdateService(service=f"{ECS}:service/prod/recommendations", force_new_deployment=True),
            "wants no task",
        ),
        (c.DeregisterTaskDefinition(task_definition=f"{ECS}:task-definition/checkout:42"), "still uses"),
    ],
)
def test_what_is_taken_and_should_be_known_is_a_warning(
    demo_snapshot: Snapshot, change: c.AnyChange, message: str
) -> None:
    (only,) = check(change, demo_snapshot)
    assert (only.severity, message in only.message) == ("warning", True), only


def test_the_account_s_own_quotas_count(demo_snapshot: Snapshot) -> None:
    role = next(one for one in demo_snapshot.roles if one.arn == ROLE)
    own = {"AssumeRolePolicySizeQuota": 1024, "AttachedPoliciesPerRoleQuota": 1, "RolesQuota": 1}
    snapshot = with_fields(demo_snapshot, account_summary=own)
    text = source_arn(f"arn:aws:ecs:::{'x' * 1500}")
    attach = c.AttachRolePolicy(role=ROLE, policy="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    for change, message in (
        (c.UpdateTrust(role=ROLE, trust=text), "1,024 are allowed"),
        (attach, f"{len(role.attached_managed_policies) + 1} managed policies; 1 are allowed"),
        (create(), "roles; 1 are allowed"),
    ):
        assert message in errors(change, snapshot)[0].message
        if change != attach:
            assert errors(change, demo_snapshot) == ()


def test_ten_managed_policies_are_allowed_where_nothing_else_is_known(demo_snapshot: Snapshot) -> None:
    ten = tuple(AttachedPolicy(policy_arn=f"arn:aws:iam::aws:policy/P{number}") for number in range(10))
    roles = replaced(
        demo_snapshot.roles,
        lambda one: one.arn == ROLE,
        lambda one: msgspec.structs.replace(one, attached_managed_policies=ten[:9]),
    )
    snapshot = with_fields(demo_snapshot, roles=roles, account_summary={})
    attach = c.AttachRolePolicy(role=ROLE, policy=ten[9].policy_arn)
    assert errors(attach, snapshot) == ()
    more = c.AttachRolePolicy(role=ROLE, policy="arn:aws:iam::aws:policy/P11")
    plan = Plan(ACCOUNT, snapshot.taken_at, (attach, more))
    (only,) = check(plan, snapshot)
    assert (only.index, "11 managed policies; 10" in only.message) == (1, True)


def test_a_later_change_is_looked_at_in_the_account_that_the_earlier_ones_leave(
    demo_snapshot: Snapshot,
) -> None:
    policy = f"{IAM}:policy/fresh"
    changes = (
        c.CreateRole(role=NEW, trust=trust()),
        c.CreatePolicy(policy=policy, document=document()),
        c.AttachRolePolicy(role=NEW, policy=policy),
        c.UpdateTrust(role=ROLE, trust=trust({"AWS": NEW})),
        c.DeletePolicy(policy=policy),
        c.DeleteRolePolicy(role=NEW, name="none"),
    )
    found = check(Plan(ACCOUNT, demo_snapshot.taken_at, changes), demo_snapshot)
    assert [(one.index, one.severity) for one in found] == [(4, "error"), (5, "error")]
    assert "attached to new-role" in found[0].message
    assert "has no inline policy none" in found[1].message


def test_what_was_not_read_is_not_said_to_be_absent(demo_snapshot: Snapshot) -> None:
    gap = Gap(
        call="iam:GetAccountAuthorizationDetails", reason="denied", unknown=("roles", "users", "policies")
    )
    blind = with_fields(demo_snapshot, gaps=(gap,))
    for case in ("unknown principal", "attach nothing", "boundary", "profile"):
        change, _ = REFUSED[case]
        assert errors(change, demo_snapshot)
        assert errors(change, blind) == ()


def test_a_role_of_tasks_that_are_being_replaced_can_go(demo_snapshot: Snapshot) -> None:
    """Taking back a role that was given: the service is rolled out with the revision before first."""
    service = next(one for one in demo_snapshot.services if one.service_name == "checkout")
    base = service.task_definition or ""
    made = next_revision(base, demo_snapshot)
    edits = (c.Edit(path=("taskRoleArn",), value=f"{IAM}:role/old-crawler-task"),)
    task = next(one for one in demo_snapshot.tasks if one.group == "service:checkout")
    rolled = apply_all(
        (
            c.RegisterTaskDefinition(base=base, task_definition=made, edits=edits),
            c.UpdateService(service=service.service_arn, task_definition=made),
        ),
        demo_snapshot,
    )
    runs = with_fields(rolled, tasks=(msgspec.structs.replace(task, task_definition_arn=made),))
    delete = c.DeleteRole(role=f"{IAM}:role/old-crawler-task")
    assert "in use by checkout" in errors(delete, runs)[0].message
    back = apply_all(
        (
            c.UpdateService(service=service.service_arn, task_definition=base),
            c.DeregisterTaskDefinition(task_definition=made),
        ),
        runs,
    )
    assert not errors(delete, back)
    assert "until they are replaced" in check(delete, back)[0].message
