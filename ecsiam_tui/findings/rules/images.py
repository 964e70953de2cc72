"""Images: whether they are there, may be pulled, and by whom else."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import UNSET

from ecsiam_tui.account.references import Home, home_of, parse_image
from ecsiam_tui.account.resources import Repository
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Evidence, Severity
from ecsiam_tui.findings.registry import Draft, rule
from ecsiam_tui.findings.rules.definitions import DEVELOPER_GUIDE, container_field, in_use, several, users
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind
from ecsiam_tui.policy.principals import ANONYMOUS
from ecsiam_tui.policy.public_access import is_public

_AWS_REGISTRIES = frozenset(
    {
        "602401143452",  # Amazon EKS add-ons
        "763104351884",  # AWS Deep Learning Containers
        "840364872350",  # AWS App Mesh Envoy
        "906394416424",  # AWS for Fluent Bit
    }
)
"""Registries of AWS from which everybody may pull; each is named in the AWS documentation of its images."""

_PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_PUSH = ("ecr:PutImage", "ecr:CompleteLayerUpload")
_DELETE = ("ecr:BatchDeleteImage", "ecr:DeleteRepository")


class _Bad(NamedTuple):
    """An image that cannot be pulled; `doubt` says what was not read where that is not certain."""

    words: str
    evidence: Evidence
    repository: str
    doubt: str = ""
    foreign: bool = False


@rule(
    "ECS-IAM-036",
    "Image that cannot be pulled",
    Severity.HIGH,
    fires="An image's repository or tag does not exist in Amazon ECR, or it is in another account whose"
    " repository policy does not let the role pull it (medium where that policy was not read).",
    why="Without its image a task does not start; an old task that stops is not replaced.",
    source=f'{DEVELOPER_GUIDE}, "CannotPullContainer task errors in Amazon ECS"; Amazon ECR User Guide,'
    ' "Private repository policies": both the role and the other account\'s repository have to allow it',
    fix="Push the image or name one that is there; for another account's repository have its owner allow the"
    " role ecr:BatchGetImage and ecr:GetDownloadUrlForLayer.",
    fixes=("fix-reference", "set-resource-policy"),
)
def bad_images(facts: Facts) -> Iterator[Draft]:
    pulled, suspects = _pulled(facts), _suspects(facts)
    for definition in facts.definitions_in_use:
        if definition.task_definition_arn not in suspects:
            continue
        found = list(_bad(facts, definition, pulled))
        if not found:
            continue
        doubts = tuple(dict.fromkeys(bad.doubt for bad in found if bad.doubt))
        sure = [bad for bad in found if not bad.doubt]
        severity = in_use(facts, definition, Severity.HIGH if sure else Severity.MEDIUM)
        fixes = [
            *(["fix-reference"] if any(not bad.foreign for bad in found) else []),
            *(["set-resource-policy"] if any(bad.foreign for bad in found) else []),
        ]
        yield Draft(
            nodes=(
                definition.task_definition_arn,
                *dict.fromkeys(bad.repository for bad in found if bad.repository in facts.estate),
            ),
            summary=f"{definition.name}: {several([bad.words for bad in found])}.",
            evidence=tuple(bad.evidence for bad in found),
            consequence=f"{users(facts, definition)} A task that cannot pull its image does not start.",
            severity=severity,
            rests_on=() if sure else doubts,
            fixes=tuple(fixes),
        )


def _suspects(facts: Facts) -> frozenset[str]:
    """The definitions whose images are worth a look: the graph knows who pulls from which repository."""
    around, estate = facts.around, facts.estate
    repositories = [
        node.id
        for node in estate.nodes(NodeKind.REPOSITORY)
        if node.id in around.missing
        or f":{facts.snapshot.account_id}:" not in node.id
        or ((known := around.repositories.get(node.id)) is not None and False in known.images.values())
    ]
    return frozenset(
        link.node.id for arn in repositories for link in estate.used_by(arn, EdgeKind.PULLS_IMAGE)
    )


def _pulled(facts: Facts) -> frozenset[str]:
    """The definitions of which tasks run: their images can be pulled, or could not long ago."""
    running = {
        task.task_definition_arn
        for task in facts.snapshot.tasks
        if task.last_status == "RUNNING" and task.task_definition_arn
    }
    running |= {
        service.task_definition
        for service in facts.snapshot.services
        if service.task_definition and service.running_count > 0 and len(service.deployments) < 2
    }
    return frozenset(running)


def _bad(facts: Facts, definition: TaskDefinition, pulled: frozenset[str]) -> Iterator[_Bad]:
    around, home = facts.around, home_of(definition.task_definition_arn)
    judged = facts.needs.of(definition.task_definition_arn)
    for container in definition.container_definitions:
        image = parse_image(container.image)
        if image.account is None or image.region is None:
            continue
        there = Home(home.partition, image.region, image.account)
        arn = there.arn("ecr", f"repository/{image.repository}")
        where = container_field(definition, container.name, "image", container.image)
        repository = around.repositories.get(arn)
        name = f"{image.repository}:{image.tag or 'latest'}" if not image.digest else image.repository
        own = image.account == facts.snapshot.account_id
        if own and around.cache_rule(image.region, image.repository):
            continue  # the first pull brings it
        if repository is None and arn in around.missing:
            yield _Bad(f"there is no repository {image.repository} in {_place(there, own)}", where, arn)
        elif repository is not None and repository.images.get(container.image) is False:
            yield _Bad(f"there is no image {name} in {_place(there, own)}", where, arn)
        elif not own and image.account not in _AWS_REGISTRIES:
            yield from _foreign(definition, judged, arn, repository, where, pulled)


def _place(there: Home, own: bool) -> str:
    return there.region if own else f"account {there.account} ({there.region})"


def _foreign(
    definition: TaskDefinition,
    judged: tuple[Judged, ...],
    arn: str,
    repository: Repository | None,
    where: Evidence,
    pulled: frozenset[str],
) -> Iterator[_Bad]:
    """An image of another account: both sides have to allow the pull. Where its policy was not read, a task
    that runs proves enough. What the role itself lacks is another rule's business."""
    mine = [
        one for one in judged if one.requirement.resource == arn and one.requirement.necessity == "required"
    ]
    account, name = home_of(arn).account, arn.rpartition("repository/")[2]
    is_read = repository is not None and repository.policy is not UNSET
    refused = [one for one in mine if is_read and one.decision and "resource" in one.decision.blocked_by]
    if refused:
        actions = several([one.requirement.action for one in refused])
        words = f"the repository {name} of account {account} does not allow {actions}"
        yield _Bad(words, where, arn, foreign=True)
    elif any(one.status == "unknown" for one in mine) and definition.task_definition_arn not in pulled:
        words = f"the image {name} is in account {account}, whose repository has to allow the pull"
        doubt = f"the policy of the repository {name} in account {account}, which was not read"
        yield _Bad(words, where, arn, doubt, foreign=True)


@rule(
    "ECS-IAM-062",
    "Repository open to everybody",
    Severity.HIGH,
    fires="The policy of a repository whose images are in use allows everybody to pull; critical where"
    " everybody may push or delete.",
    why="Strangers can read what is in the images; who may push can have their own code run with the task's"
    " role.",
    source='Amazon ECR User Guide, "Private repository policies"; Prowler check'
    " ecr_repositories_not_publicly_accessible",
    fix="Name the accounts or roles that need it in the repository policy, or limit it to the organization"
    " with aws:PrincipalOrgID.",
    fixes=("set-resource-policy",),
)
def open_repositories(facts: Facts) -> Iterator[Draft]:
    for repository in facts.snapshot.repositories:
        if repository.policy is UNSET or not repository.policy:
            continue
        statements = [
            statement
            for statement in facts.account.document(str(repository.policy)).statements
            if is_public(statement)
        ]
        if not statements:
            continue
        push = [action for action in _PUSH if _anybody(facts, action, repository)]
        pull = [action for action in _PULL if _anybody(facts, action, repository)]
        delete = [action for action in _DELETE if _anybody(facts, action, repository)]
        if not (push or pull or delete):
            continue
        arn = repository.repository_arn
        done = {"pull": pull, "push": push, "delete": delete}
        verbs = several([verb for verb, actions in done.items() if actions])
        pullers = [link.node.id for link in facts.estate.used_by(arn, EdgeKind.PULLS_IMAGE)]
        yield Draft(
            nodes=(arn,),
            summary=f"Anybody may {verbs} images of {repository.repository_name}"
            f" ({several([*pull, *push, *delete], most=6)}).",
            evidence=tuple(
                Evidence(
                    "statement",
                    arn,
                    f"repository policy {statement.label}",
                    several(list(statement.actions)),
                    statement.lines,
                )
                for statement in statements
            ),
            consequence=f"{facts.titles(pullers)} pull{'s' * (len(set(pullers)) == 1)} from it."
            if pullers
            else "",
            severity=Severity.CRITICAL if push or delete else None,
        )


def _anybody(facts: Facts, action: str, repository: Repository) -> bool:
    """Whether a stranger is let in: an explicit Deny and resource control policies count."""
    return facts.account.decide(ANONYMOUS, action, repository.repository_arn).allowed
