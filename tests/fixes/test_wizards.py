"""Roles from choices: what comes of them meets what is asked for, is taken by AWS, and gives no more."""

import json
from collections.abc import Callable

import msgspec
import pytest

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.limits import errors
from ecsiam_tui.changes.plan import make
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.registry import find
from ecsiam_tui.fixes.assigning import OWN, candidates, fitting, give_roles, role_of
from ecsiam_tui.fixes.making import needs_of
from ecsiam_tui.fixes.proof import after
from ecsiam_tui.fixes.role_policies import (
    INFRASTRUCTURE,
    SORTS,
    Attached,
    Kind,
    OfActions,
    OfNeeds,
    OfTemplate,
    WizardError,
    needs_for,
    offered_policies,
    offered_resources,
)
from ecsiam_tui.fixes.templates import BlankError
from ecsiam_tui.fixes.wizards import (
    Guard,
    Wanted,
    arn_of,
    can_give,
    guards,
    make_role,
    offered_name,
    offered_users,
    trust_of,
)
from ecsiam_tui.policy.document import parse_document
from ecsiam_tui.policy.lint import lint
from ecsiam_tui.workspace import Workspace

ACCOUNT = "123456789012"
ECS = f"arn:aws:ecs:eu-west-1:{ACCOUNT}"
IAM = f"arn:aws:iam::{ACCOUNT}:role"
CHECKOUT = f"{ECS}:service/prod/checkout"
LEDGER = f"{ECS}:service/prod/ledger"
CATALOG = f"{ECS}:service/prod/catalog"
SEARCH = f"{ECS}:service/prod/search"
RULE = f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/nightly-settlement"
SCHEDULE = f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:schedule/nightly/nightly-reindex"


@pytest.fixture(scope="module")
def facts(demo_snapshot: Snapshot) -> Facts:
    return Workspace(demo_snapshot).facts


def service(title: str, facts: Facts) -> str:
    return next(one.id for one in facts.needs.workloads if one.kind == "service" and one.title == title)


def is_sendable(changes: tuple[c.AnyChange, ...], facts: Facts) -> bool:
    return not errors(make(facts.snapshot, changes), facts.snapshot)


def missing_of(role: str, facts: Facts) -> list[str]:
    return [
        one.requirement.action
        for one in facts.needs.of_role(role)
        if one.status == "missing" and one.requirement.necessity != "optional"
    ]


# A role for ECS


@pytest.mark.parametrize(
    ("kind", "users"),
    [
        ("task", (CHECKOUT,)),
        ("task-execution", (CATALOG,)),
        ("task-execution", (CATALOG, SEARCH)),
        ("events", (RULE,)),
        ("scheduler", (SCHEDULE,)),
    ],
)
def test_a_role_with_what_is_asked_for_meets_it(kind: Kind, users: tuple[str, ...], facts: Facts) -> None:
    name = offered_name(kind, users, facts)
    assert can_give(kind, users, facts)
    made = make_role(Wanted(kind, name, users=users, source=OfNeeds(), give=True), facts)
    assert is_sendable(made.changes, facts)
    later = after(made.changes, facts)
    arn = f"{IAM}/{name}"
    asked = later.needs.of_role(arn)
    assert {one.requirement.subject for one in asked} >= set(users)
    assert {one.requirement.action for one in asked} >= {"sts:AssumeRole"}
    assert missing_of(arn, later) == []
    bad = [one for one in find(later) if one.node == arn and one.severity >= 3]
    assert bad == []


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: str(sort.kind))
def test_a_role_without_permissions_has_the_right_trust(sort: object, facts: Facts) -> None:
    kind, service_name = sort.kind, sort.service  # type: ignore[attr-defined]
    for guard, _ in guards(kind):
        (create,) = make_role(Wanted(kind, "new-one", guard=guard), facts).changes
        assert isinstance(create, c.CreateRole)
        assert [one for one in lint(parse_document(create.trust), "trust") if one.level == "error"] == []
        (statement,) = json.loads(create.trust)["Statement"]
        assert statement["Principal"] == {"Service": service_name}
        condition = statement.get("Condition", {})
        assert ("StringEquals" in condition) == (guard != "none")
        assert ("ArnLike" in condition) == (guard == "narrow")


@pytest.mark.parametrize(
    ("kind", "guard", "users", "arns"),
    [
        ("task", "narrow", (CHECKOUT,), f"{ECS}:*"),
        ("events", "narrow", (RULE,), RULE),
        (
            "scheduler",
            "narrow",
            (SCHEDULE,),
            f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:schedule-group/nightly",
        ),
        ("events", "account", (RULE,), None),
        ("events", "narrow", (f"{ECS}:task-definition/reindex:9",), f"{RULE.rpartition('/')[0]}/*"),
        ("infrastructure", "none", (), None),
    ],
)
def test_trust_names_who_sends(
    kind: Kind, guard: Guard, users: tuple[str, ...], arns: str | None, facts: Facts
) -> None:
    (statement,) = json.loads(trust_of(kind, guard, users, facts))["Statement"]
    assert statement.get("Condition", {}).get("ArnLike", {}).get("aws:SourceArn") == arns


def test_a_launcher_that_is_not_there_yet_may_run_a_family(facts: Facts) -> None:
    asked = needs_for("events", (f"{ECS}:task-definition/reindex:9",), f"{IAM}/new", facts)
    assert {(one.action, one.resource.rpartition("/")[2]) for one in asked} == {
        ("ecs:RunTask", "reindex:*"),
        ("iam:PassRole", "reindex-task"),
        ("iam:PassRole", "ecs-exec"),
    }


def test_actions_are_allowed_on_what_was_chosen(facts: Facts) -> None:
    source = OfActions(("s3:GetObject", "ecs:ListClusters"), ("arn:aws:s3:::assets/*",))
    _, policy = make_role(Wanted("task", "new-one", source=source), facts).changes
    assert isinstance(policy, c.PutRolePolicy)
    assert [(one["Action"], one["Resource"]) for one in json.loads(policy.document)["Statement"]] == [
        ("s3:GetObject", "arn:aws:s3:::assets/*"),
        ("ecs:ListClusters", "*"),
    ]


def test_resources_are_those_of_the_account_then_those_of_the_kind(facts: Facts) -> None:
    found = offered_resources(("secretsmanager:GetSecretValue",), facts)
    assert found[-1] == "*"
    assert found[-2].startswith("arn:aws:secretsmanager:")
    assert found[-2].endswith(f":{ACCOUNT}:secret:*")
    assert any(one.startswith(f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:payments") for one in found)
    assert not any("kms" in one for one in found)


def test_a_template_and_a_policy_of_aws(facts: Facts) -> None:
    source = OfTemplate("deploy-tagged", {"key": "team", "value": "orders"})
    changes = make_role(Wanted("task", "new-one", source=source), facts).changes
    assert isinstance(changes[1], c.PutRolePolicy)
    assert "aws:ResourceTag/team" in changes[1].document
    policies = offered_policies("infrastructure", facts)
    assert len(policies) == len(INFRASTRUCTURE)
    wanted = Wanted("infrastructure", "new-one", guard="none", source=Attached(policies[0][0]))
    changes = make_role(wanted, facts).changes
    assert changes[1] == c.AttachRolePolicy(
        role=f"{IAM}/new-one",
        policy="arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes",
        why="AWS's policy for it",
    )
    assert is_sendable(changes, facts)


@pytest.mark.parametrize(
    ("make_it", "text"),
    [
        (lambda facts: arn_of("", facts), "1 to 64"),
        (lambda facts: arn_of("a b", facts), "1 to 64"),
        (lambda facts: arn_of("x" * 65, facts), "1 to 64"),
        (lambda facts: arn_of("Checkout-Task", facts), "there is a role checkout-task"),
        (
            lambda facts: make_role(Wanted("task", "new-one", source=OfActions(())), facts),
            "choose an action",
        ),
        (
            lambda facts: make_role(
                Wanted("task", "new-one", source=OfActions(("s3:GetObject",), ("bucket",))), facts
            ),
            "no ARN",
        ),
        (
            lambda facts: make_role(Wanted("task", "new-one", source=OfTemplate("deploy-tagged")), facts),
            "the key of the tag",
        ),
    ],
)
def test_a_choice_that_does_not_do_is_told(
    make_it: Callable[[Facts], object], text: str, facts: Facts
) -> None:
    with pytest.raises((WizardError, BlankError), match=text):
        make_it(facts)


def test_users_are_offered_by_kind(facts: Facts) -> None:
    assert CHECKOUT in dict(offered_users("task", facts))
    assert RULE in dict(offered_users("events", facts))
    assert SCHEDULE in dict(offered_users("scheduler", facts))
    assert f"{ECS}:capacity-provider/platform-managed" in dict(offered_users("infrastructure", facts))
    assert offered_name("task", (CHECKOUT,), facts) not in {one.role_name for one in facts.snapshot.roles}


# Roles for services


def test_those_without_an_execution_role_come_first(facts: Facts) -> None:
    first, *others = candidates("task-execution", facts)
    assert (first.title, first.lacks) == ("crawler", True)
    assert "PROXY_URL" in first.why
    assert not any(one.lacks for one in others)
    by_title = {one.title: one for one in others}
    assert "shared with" in by_title["checkout"].why
    assert "payments-exec, which lacks" in by_title["payments-api"].why


def test_many_services_get_execution_roles_of_their_own(facts: Facts) -> None:
    """One that has none, two that share one: afterwards each has its own, with all that is asked for."""
    titles = ("crawler", "checkout", "edge-proxy")
    services = [service(title, facts) for title in titles]
    made = give_roles("task-execution", dict.fromkeys(services, OWN), facts)
    assert is_sendable(made.changes, facts)
    later = after(made.changes, facts)
    roles = [
        one.execution_role for one in later.needs.workloads if one.kind == "service" and one.id in services
    ]
    assert len(set(roles)) == 3
    assert all(missing_of(role, later) == [] for role in roles)
    assert "ECS-IAM-001" not in {one.rule for one in find(later)}
    revisions = [one.task_definition for one in made.changes if isinstance(one, c.RegisterTaskDefinition)]
    assert len(set(revisions)) == 3
    # checkout:43 and edge-proxy:12 are there already.
    assert {one.rpartition("/")[2] for one in revisions} == {"crawler:9", "checkout:44", "edge-proxy:13"}


def test_services_of_one_family_get_one_role_and_revisions_of_their_own(facts: Facts) -> None:
    """Two services that run the same task definition and take different roles: the guesses differ."""
    snapshot = facts.snapshot
    checkout = next(one for one in snapshot.services if one.service_arn == CHECKOUT)
    twin_arn = f"{CHECKOUT}-twin"
    twin = msgspec.structs.replace(checkout, service_arn=twin_arn, service_name="checkout-twin")
    both = Workspace(msgspec.structs.replace(snapshot, services=(*snapshot.services, twin))).facts
    one = give_roles("task-execution", {CHECKOUT: OWN, twin_arn: OWN}, both)
    assert [type(change).__name__ for change in one.changes].count("RegisterTaskDefinition") == 1
    assert [type(change).__name__ for change in one.changes].count("CreateRole") == 1
    two = give_roles("task-execution", {CHECKOUT: OWN, twin_arn: f"{IAM}/orders-exec"}, both)
    made = [change for change in two.changes if isinstance(change, c.RegisterTaskDefinition)]
    assert [change.task_definition.rpartition(":")[2] for change in made] == ["44", "45"]
    later = after(two.changes, both)
    roles = {work.id: work.execution_role for work in later.needs.workloads}
    assert roles[twin_arn] == f"{IAM}/orders-exec"
    assert roles[CHECKOUT] == made[0].edits[0].value
    alone = give_roles("task-execution", {CHECKOUT: OWN}, both)
    assert not any(change.target == twin_arn for change in alone.changes)
    assert any("checkout-twin also runs checkout:42" in text for text in alone.warnings)


def test_one_existing_role_for_many_gets_what_it_lacks_once(facts: Facts) -> None:
    services = [service(title, facts) for title in ("catalog", "storefront")]
    role = f"{IAM}/search-exec"
    made = give_roles("task-execution", dict.fromkeys(services, role), facts)
    assert sum(isinstance(one, c.PutRolePolicy) and one.role == role for one in made.changes) == 1
    later = after(made.changes, facts)
    assert missing_of(role, later) == []
    bare = give_roles("task-execution", dict.fromkeys(services, role), facts, complete=False)
    assert missing_of(role, after(bare.changes, facts)) != []


def test_a_role_is_chosen_by_what_it_lacks(facts: Facts) -> None:
    own, *others = fitting([CATALOG], "task-execution", facts)
    assert own.lacking == ()
    assert [len(one.lacking) for one in others] == sorted(len(one.lacking) for one in others)
    arns = {one.role for one in others}
    assert f"{IAM}/ecsEventsRole" not in arns
    worst = others[-1]
    catalog = next(one for one in facts.needs.workloads if one.id == CATALOG)
    asked = needs_of([catalog], "task-execution", worst.role, facts)
    assert worst.lacking
    assert all(one in asked for one in worst.lacking)


@pytest.mark.parametrize("kind", ["task", "task-execution"])
def test_a_role_given_to_a_service_is_its_role(kind: str, facts: Facts) -> None:
    role = f"{IAM}/search-{'task' if kind == 'task' else 'exec'}"
    made = give_roles(kind, {CATALOG: role}, facts)  # type: ignore[arg-type]
    later = after(made.changes, facts)
    catalog = next(one for one in later.needs.workloads if one.id == CATALOG)
    assert role_of(catalog, kind) == role  # type: ignore[arg-type]
    assert missing_of(role, later) == []
    assert {type(one) for one in made.changes} >= {c.RegisterTaskDefinition, c.UpdateService}


def test_a_service_of_codedeploy_is_told_to_be_moved_by_hand(facts: Facts) -> None:
    """And CodeDeploy may pass the role that is new."""
    accounts = service("accounts", facts)
    made = give_roles("task-execution", {accounts: OWN}, facts)
    assert not any(isinstance(one, c.UpdateService) for one in made.changes)
    assert any("CodeDeploy" in text for text in made.warnings)


def test_what_a_key_policy_forbids_is_told(facts: Facts) -> None:
    """No policy of a role helps where the key's own policy does not let the account's roles in."""
    for role in (OWN, f"{IAM}/search-exec"):
        made = give_roles("task-execution", {LEDGER: role}, facts)
        assert any("kms:Decrypt" in text and "own policy" in text for text in made.warnings)
