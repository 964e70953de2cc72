"""Versions of managed policies: which is in force, and how many there are."""

from collections.abc import Iterator

from ecsiam_tui.account.iam import ManagedPolicy
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying import MOST_VERSIONS, version_number
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe


def _policy(facts: Facts, arn: str) -> ManagedPolicy | None:
    return next((found for found in facts.snapshot.policies if found.arn == arn), None)


@asking_recipe("set-default-version")
def set_default_version(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Keep what is in force by writing it again as the newest; or make the newest the default, whose document
    nobody but AWS has: that is done only when somebody says that they have read it."""
    policy = _policy(facts, finding.node)
    if policy is None or policy.is_aws_managed:
        return
    newest = max(policy.policy_version_list, key=version_number).version_id
    full = len(policy.policy_version_list) >= MOST_VERSIONS
    yield Fix(
        name="set-default-version",
        title=f"Keep {policy.default_version_id} of {policy.policy_name}: write it again as the newest",
        finding=finding.key,
        changes=(c.CreatePolicyVersion(policy=policy.arn, document=policy.document, why="confirm it"),),
        costs=("The oldest version that is not the default is deleted to make room.",) if full else (),
    )
    question = Question(
        "read",
        f"Have you read {newest}? (aws iam get-policy-version --policy-arn {policy.arn} --version-id"
        f" {newest})",
        (Choice("no", "not yet"), Choice("yes", "I have read it, and it is to be in force")),
        ("no",),
    )
    title = f"Make {newest} of {policy.policy_name} the default"
    warning = f"What {newest} says is not in the snapshot: what it does is not known here, nor proved."
    said = question.answer(answers) == ("yes",)
    change = c.SetDefaultPolicyVersion(
        policy=policy.arn, version_id=newest, why="make the newest the default"
    )
    yield Fix(
        name="set-default-version",
        title=title if said else f"{title}, once you have read it",
        finding=finding.key,
        changes=(change,) if said else (),
        breadth=2,
        warnings=(warning,),
        questions=(question,),
    )
    yield Fix(
        name="set-default-version",
        title=f"Delete {newest} of {policy.policy_name}",
        finding=finding.key,
        changes=(c.DeletePolicyVersion(policy=policy.arn, version_id=newest, why="it never was in force"),),
        breadth=1,
        costs=(f"{newest} cannot be brought back.",),
    )


@asking_recipe("prune-versions")
def prune_versions(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Delete a version that is not the default: by default the oldest."""
    policy = _policy(facts, finding.node)
    others = (
        sorted((one for one in policy.policy_version_list if not one.is_default_version), key=version_number)
        if policy and len(policy.policy_version_list) >= MOST_VERSIONS
        else []
    )
    if policy is None or not others:
        yield Fix(
            name="prune-versions",
            title=f"By hand: merge statements of {facts.title(finding.node)}, or move some to another policy",
            finding=finding.key,
            changes=(),
        )
        return
    question = Question(
        "version",
        f"Which versions of {policy.policy_name} are deleted?",
        tuple(
            Choice(one.version_id, one.version_id, f"{one.create_date:%Y-%m-%d}" if one.create_date else "")
            for one in others
        ),
        (others[0].version_id,),
        many=True,
    )
    chosen = question.answer(answers)
    yield Fix(
        name="prune-versions",
        title=f"Delete {', '.join(chosen)} of {policy.policy_name}",
        finding=finding.key,
        changes=tuple(
            c.DeletePolicyVersion(policy=policy.arn, version_id=name, why="room for the next")
            for name in chosen
        ),
        costs=tuple(f"{name} cannot be brought back." for name in chosen),
        questions=(question,),
    )
