"""Resources: log groups that are missing, policies that let too many in, buckets that may be anybody's."""

from collections.abc import Iterator

from ecsiam_tui.account.arns import short_name
from ecsiam_tui.account.references import parse_s3_arn
from ecsiam_tui.account.resources import Repository
from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.grants import covers
from ecsiam_tui.findings.near_misses import matches
from ecsiam_tui.findings.wording import listed
from ecsiam_tui.fixes.documents import Statement, dump, load, statements, with_condition, with_statements
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe, recipe
from ecsiam_tui.fixes.statement_edits import Data, data_of, holder, rewrite
from ecsiam_tui.graph.kinds import EdgeKind
from ecsiam_tui.policy.document import Statement as Parsed
from ecsiam_tui.policy.public_access import is_public

_DAYS = (30, 90, 180, 365, 731)
"""Some of the retentions that PutRetentionPolicy takes (CloudWatch Logs API Reference)."""
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@asking_recipe("create-log-group")
def create_log_group(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Make the log groups that are missing, with a retention."""
    missing = set(facts.around.missing)
    groups = [node for node in finding.nodes[1:] if ":log-group:" in node and node in missing]
    if not groups:
        return
    question = Question(
        "retention",
        "For how many days are logs kept?",
        (*(Choice(str(days), f"{days} days") for days in _DAYS), Choice("never", "for ever")),
        ("365",),
    )
    (kept,) = question.answer(answers)[:1] or ("365",)
    days = int(kept) if kept.isdigit() else None
    yield Fix(
        name="create-log-group",
        title=f"Create the log group {listed(map(short_name, groups), 3)}",
        finding=finding.key,
        changes=tuple(
            c.CreateLogGroup(log_group=arn, retention_in_days=days, why="containers log to it")
            for arn in groups
        ),
        questions=(question,),
    )


# Policies of resources --------------------------------------------------------------------------------------


@recipe("set-resource-policy")
def set_resource_policy(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """Close a repository to strangers. Policies of other accounts' repositories and of file systems are
    written elsewhere: that is said."""
    if finding.rule == "ECS-IAM-062":
        repository = facts.around.repositories.get(finding.node)
        if repository is not None and isinstance(repository.policy, str):
            yield from _closed(finding, facts, repository, repository.policy)
    elif finding.rule == "ECS-IAM-036":
        yield _of_another_account(finding, facts)
    elif finding.rule == "ECS-IAM-059":
        yield Fix(
            name="set-resource-policy",
            title="By hand: let the policy of the file system allow the task roles alone",
            finding=finding.key,
            changes=(),
            warnings=(
                "aws efs put-file-system-policy; this program does not write policies of file systems.",
            ),
        )


def _closed(finding: Finding, facts: Facts, repository: Repository, text: str) -> Iterator[Fix]:
    document = load(text)
    parsed = {found.index: found for found in facts.account.document(text).statements}
    open_ones = {index for index, found in parsed.items() if is_public(found)}
    root = f"arn:{facts.snapshot.partition}:iam::{facts.snapshot.account_id}:root"
    name = repository.repository_name
    without = [one for index, one in enumerate(statements(document)) if index not in open_ones]
    here = [
        {**one, "Principal": {"AWS": root}} if index in open_ones else one
        for index, one in enumerate(statements(document))
    ]
    pullers = _pullers(facts, repository)
    yield _repository(
        finding,
        repository,
        f"Take what lets strangers into {name} out of its policy",
        dump(with_statements(document, without)) if without else None,
        0,
        "Roles of this account are let in by their own policies; strangers are shut out.",
    )
    if pullers:
        yield _repository(
            finding,
            repository,
            f"Let those who pull from {name} pull, and nobody else",
            dump(with_statements(document, [*without, _pull(pullers)])),
            1,
            "Strangers are shut out, and nobody pushes by way of this policy.",
        )
    yield _repository(
        finding,
        repository,
        f"Let this account alone do what everybody may do with {name}",
        dump(with_statements(document, here)),
        2,
        "Strangers are shut out.",
    )


def _repository(
    finding: Finding, repository: Repository, title: str, document: str | None, breadth: int, cost: str
) -> Fix:
    change = c.SetResourcePolicy(
        kind="repository", resource=repository.repository_arn, document=document, why="close it to strangers"
    )
    return Fix("set-resource-policy", title, finding.key, (change,), breadth, (cost,))


def _pullers(facts: Facts, repository: Repository) -> list[str]:
    users = {link.node.id for link in facts.estate.used_by(repository.repository_arn, EdgeKind.PULLS_IMAGE)}
    return sorted(
        {
            workload.execution_role
            for workload in facts.needs.workloads
            if workload.definition.task_definition_arn in users
            and workload.execution_role in facts.around.roles
        }
    )


def _pull(roles: list[str]) -> Statement:
    return {
        "Sid": "PullForTasks",
        "Effect": "Allow",
        "Principal": {"AWS": roles[0] if len(roles) == 1 else roles},
        "Action": list(_PULL),
    }


def _of_another_account(finding: Finding, facts: Facts) -> Fix:
    definition = facts.around.definitions.get(finding.node)
    role = facts.around.role(definition.execution_role_arn) if definition else ""
    account = facts.snapshot.account_id
    who = role or f"arn:{facts.snapshot.partition}:iam::{account}:root"
    repositories = listed((facts.title(node) for node in finding.nodes[1:]), 3)
    return Fix(
        name="set-resource-policy",
        title=f"By hand: have the owner of {repositories or 'the repository'} allow {who} to pull",
        finding=finding.key,
        changes=(),
        warnings=(f"The repository's policy needs a statement for {who} with {', '.join(_PULL[1:])}.",),
    )


# Buckets ----------------------------------------------------------------------------------------------------


@recipe("add-resource-account-condition")
def add_resource_account_condition(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """Tie the execution role's statements about the bucket to the account: Amazon ECS Developer Guide,
    "Amazon ECS task execution IAM role" (Amazon S3 file storage permissions)."""
    definition = facts.around.definitions.get(finding.node)
    role = holder(facts, facts.around.role(definition.execution_role_arn)) if definition else None
    if definition is None or role is None:
        return
    files = {
        evidence.text
        for evidence in finding.evidence
        if evidence.kind == "field" and parse_s3_arn(evidence.text) is not None
    }
    edits = []
    for placed in facts.statements(role.arn):
        found = placed.statement
        about = any(matches(pattern, file) for pattern in found.resources for file in files)
        if about and found.effect == "Allow" and found.actions and covers(found, "s3:getobject"):
            edits.append((placed, _tied(found, data_of(placed), facts.snapshot.account_id)))
    changes = rewrite(facts, role, edits, (), "buckets of this account alone")
    if changes:
        yield Fix(
            name="add-resource-account-condition",
            title=f"Let {role.role_name} read buckets of this account alone",
            finding=finding.key,
            changes=changes,
            costs=(f"{role.role_name} can no longer reach buckets of other accounts by these statements.",),
        )


def _tied(found: Parsed, data: Data, account: str) -> list[Data]:
    """The statement with the condition; what it says of other services stays without."""
    others = [action for action in found.actions if not action.lower().startswith("s3:")]
    mine = [action for action in found.actions if action.lower().startswith("s3:")]
    if not mine or not others:
        return [with_condition(data, "StringEquals", "aws:ResourceAccount", account)]
    own = data | {"Action": mine[0] if len(mine) == 1 else mine}
    return [
        with_condition(own, "StringEquals", "aws:ResourceAccount", account),
        data | {"Action": others[0] if len(others) == 1 else others},
    ]
