"""Roles that lack what is asked of them: exactly that is allowed, and nothing else."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.looking import name_of
from ecsiam_tui.ecs.requirement import Requirement
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.lacking import Kind, Lack, granting, lacks, listed
from ecsiam_tui.fixes import documents
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe, recipe
from ecsiam_tui.fixes.granting import allow, policy_name, statements
from ecsiam_tui.fixes.revisions import by_hand
from ecsiam_tui.graph.build_iam import inline_id
from ecsiam_tui.policy.patterns import resource_glob, tokenize

_KINDS: dict[str, Kind] = {
    "ECS-IAM-002": "execution",
    "ECS-IAM-004": "exec",
    "ECS-IAM-005": "session",
    "ECS-IAM-067": "task",
    "ECS-IAM-068": "other",
    "ECS-IAM-061": "passes",
}
_LAUNCHER_ROWS = frozenset({"SCHED", "SFN", "CD"})
_CREATE_GROUP = "logs:CreateLogGroup"


def _missing(finding: Finding, facts: Facts) -> list[Requirement]:
    """What the role of a finding lacks, as far as a policy of the role can give it."""
    if finding.rule == "ECS-IAM-052":
        return [
            judged.requirement
            for judged in facts.needs.of_launchers
            if judged.requirement.id in _LAUNCHER_ROWS
            and judged.requirement.principal == finding.node
            and judged.requirement.necessity == "required"
            and judged.status == "missing"
        ]
    if finding.rule == "ECS-IAM-035":
        found = [lack for lack in lacks(facts, "execution") if lack.requirement.action == _CREATE_GROUP]
        asking = [
            lack
            for lack in found
            if finding.node in {w.definition.task_definition_arn for w in lack.workloads}
        ]
        return [lack.requirement for lack in asking]
    kind = _KINDS.get(finding.rule)
    if kind is None:
        return []
    if kind == "passes":
        return [
            lack.requirement
            for lack in lacks(facts, kind)
            if finding.node in {need.subject for need in lack.asking}
        ]
    return [
        lack.requirement
        for lack in lacks(facts, kind)
        if lack.role == finding.node and "identity" in lack.decision.blocked_by
    ]


def _by_policy(needs: Iterable[Requirement]) -> dict[tuple[str, str], list[Requirement]]:
    found: dict[tuple[str, str], list[Requirement]] = defaultdict(list)
    for need in needs:
        found[need.principal, policy_name(need.role_kind)].append(need)
    return found


def _given(needs: Iterable[Requirement], facts: Facts, why: str) -> tuple[c.AnyChange, ...]:
    return tuple(
        allow(role, name, statements(found, facts), facts, why)
        for (role, name), found in _by_policy(needs).items()
        if role in facts.around.roles
    )


def _told(needs: list[Requirement], facts: Facts) -> str:
    """`3 actions to payments-exec`."""
    actions = list(dict.fromkeys(need.action for need in needs))
    what = listed(actions) if len(actions) <= 2 else f"the {len(actions)} missing actions"
    return f"{what} to {facts.titles(dict.fromkeys(need.principal for need in needs))}"


@recipe("allow-missing-actions")
def allow_missing_actions(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """On exactly the resources that are asked for, in an inline policy of its own."""
    needs = _missing(finding, facts)
    changes = _given(needs, facts, "allow what is missing")
    if changes:
        yield Fix(
            name="allow-missing-actions",
            title=f"Allow {_told(needs, facts)}, on exactly the resources that are asked for",
            finding=finding.key,
            changes=changes,
        )


@asking_recipe("add-exec-permissions")
def add_exec_permissions(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """ECS Exec: channels and sessions. The agent starts with the task, so that tasks have to be new."""
    needs = _missing(finding, facts)
    changes = _given(needs, facts, "what ECS Exec needs of the task role")
    if not changes:
        return
    running = [
        workload
        for workload in facts.needs.users_of(finding.node)
        if workload.kind == "service" and workload.exec_enabled
    ]
    names = listed([workload.title for workload in running])
    question = Question(
        "deploy",
        f"Start new tasks of {names} now? Those that run do not get ECS Exec any more.",
        (Choice("no", "later"), Choice("yes", "now", "a new deployment replaces the tasks")),
        ("no",),
    )
    warnings = []
    if running and question.answer(answers) == ("yes",):
        for workload in running:
            otherwise = by_hand(workload.id, facts)
            if otherwise:
                warnings.append(otherwise)
            else:
                why = "new tasks with ECS Exec"
                changes += (c.UpdateService(service=workload.id, force_new_deployment=True, why=why),)
    elif running:
        warnings.append(f"Tasks of {names} that run now have to be replaced: deploy anew.")
    yield Fix(
        name="add-exec-permissions",
        title=f"Allow {_told(needs, facts)}, for ECS Exec",
        finding=finding.key,
        changes=changes,
        warnings=tuple(warnings),
        questions=(question,) if running else (),
    )


@recipe("allow-key")
def allow_key(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """kms:Decrypt by way of the service that holds the secret: on the role, and in the key's policy where
    that leaves nothing to the role's."""
    found = [lack for lack in lacks(facts, "key") if lack.role == finding.node]
    own = [lack.requirement for lack in found if "identity" in lack.decision.blocked_by]
    changes = _given(own, facts, "decrypt the secrets that are asked for")
    warnings: dict[str, None] = {}
    policies: dict[str, str] = {}
    for lack in found:
        if "resource" not in lack.decision.blocked_by:
            continue
        key = facts.around.keys.get(lack.requirement.resource)
        if key is None or not isinstance(key.policy, str):
            return  # its policy was not read, and would be overwritten
        document = documents.load(policies.get(key.arn, key.policy))
        policies[key.arn] = documents.dump(documents.added(document, [_of_key(lack)]))
        warnings["Who administers the key must agree: its policy is changed."] = None
    changes += tuple(
        c.SetResourcePolicy(kind="key", resource=arn, document=text, why="let the role decrypt")
        for arn, text in policies.items()
    )
    if changes:
        keys = dict.fromkeys(lack.requirement.resource for lack in found)
        where = "" if not policies else " and in the key's policy" if own else ", in the key's policy"
        yield Fix(
            name="allow-key",
            title=f"Allow {facts.title(finding.node)} to decrypt with {facts.titles(keys)}{where},"
            " by way of the service that asks",
            finding=finding.key,
            changes=changes,
            warnings=tuple(warnings),
        )


def _of_key(lack: Lack) -> documents.Statement:
    via = lack.requirement.context.get("kms:ViaService", "")
    found: documents.Statement = {
        "Sid": f"Decrypt{''.join(filter(str.isalnum, name_of(lack.role)))}",
        "Effect": "Allow",
        "Principal": {"AWS": lack.role},
        "Action": "kms:Decrypt",
        "Resource": "*",
    }
    return documents.with_condition(found, "StringEquals", "kms:ViaService", via) if via else found


# On the wrong role ------------------------------------------------------------------------------------------


@recipe("move-permission")
def move_permission(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """Allowed where it is needed; taken from where it is not, if that stands in an inline policy."""
    found = [lack for lack in lacks(facts, "elsewhere") if finding.node in (lack.role, lack.holder)]
    if finding.rule != "ECS-IAM-006" or not found:
        return
    given = _given([lack.requirement for lack in found], facts, "on the role that acts")
    roles = facts.titles(dict.fromkeys(lack.role for lack in found))
    holders = facts.titles(dict.fromkeys(lack.holder for lack in found))
    actions = listed([lack.requirement.action for lack in found], 2)
    taken = _taken(found, facts)
    if taken:
        yield Fix(
            name="move-permission",
            title=f"Move {actions} from {holders} to {roles}",
            finding=finding.key,
            changes=(*given, *taken),
            costs=(f"{holders} may no longer {actions}.",),
            warnings=_also_used(found, holders),
        )
    yield Fix(
        name="move-permission",
        title=f"Allow {actions} to {roles}, and leave it on {holders}",
        finding=finding.key,
        changes=given,
        breadth=1,
        costs=(f"{holders} keeps a permission that ECS does not need there.",),
    )


def _also_used(found: list[Lack], holders: str) -> tuple[str, ...]:
    if all(lack.requirement.role_kind == "task" for lack in found):
        return ()
    return (f"If the application itself uses it, too, leave it on {holders}: ECS cannot tell.",)


def _taken(found: list[Lack], facts: Facts) -> tuple[c.AnyChange, ...]:
    """The inline policies of the holders without what is moved."""
    moved: dict[tuple[str, str, int], list[Requirement]] = defaultdict(list)
    for lack in found:
        need = lack.requirement
        answer = facts.needs.judge.ask(lack.holder, need.action, need.resource, need.context)
        for placed in granting(facts, lack.holder, answer.decision):
            if placed.node == inline_id(lack.holder, placed.policy):
                moved[lack.holder, placed.policy, placed.statement.index].append(need)
    changes: list[c.AnyChange] = []
    for role, name in dict.fromkeys((role, name) for role, name, _ in moved):
        record = facts.around.roles[role]
        text = next(one.policy_document for one in record.role_policy_list if one.policy_name == name)
        document = documents.load(text)
        places = sorted((index for r, n, index in moved if (r, n) == (role, name)), reverse=True)
        for index in places:
            needs = moved[role, name, index]
            document = documents.replace(document, index, lambda one, needs=needs: _without(one, needs))  # type: ignore[misc]
        why = "it belongs to the other role"
        if document == documents.load(text):
            continue
        if documents.statements(document):
            text = documents.dump(document)
            changes.append(c.PutRolePolicy(role=role, name=name, document=text, why=why))
        else:
            changes.append(c.DeleteRolePolicy(role=role, name=name, why=why))
    return tuple(changes)


def _without(statement: documents.Statement, needs: list[Requirement]) -> list[documents.Statement]:
    """A statement without what is moved: the very actions on the very resources that are asked for. Actions
    and resources that are not moved stay, in two statements where one does not do; so does all that a
    wildcard gives besides."""
    if "Action" not in statement or "Resource" not in statement:
        return [statement]
    actions = documents.as_list(statement["Action"])
    resources = documents.as_list(statement["Resource"])
    wanted = [need.action.lower() for need in needs]
    here = [one for one in actions if one.lower() in wanted]
    there = [one for one in resources if any(_is_exactly(one, need.resource) for need in needs)]
    if not here or not there:
        return [statement]
    other_actions = [one for one in actions if one not in here]
    other_resources = [one for one in resources if one not in there]
    kept = []
    if other_resources:
        kept.append({**statement, "Resource": documents.plain(other_resources)})
    if other_actions:
        bare = {key: value for key, value in statement.items() if key != "Sid" or not other_resources}
        where = statement["Resource"] if not other_resources else documents.plain(there)
        kept.append({**bare, "Action": documents.plain(other_actions), "Resource": where})
    return kept


_SUFFIX = 7
"""The hyphen and the six characters that Secrets Manager adds to a secret's name."""


def _is_exactly(pattern: str, resource: str) -> bool:
    """Whether a pattern is about a resource and hardly anything else."""
    stem = pattern.rstrip("*?-")
    if any(char in stem for char in "*?") or len(stem) < len(resource) - _SUFFIX:
        return False
    return resource_glob(tokenize(pattern, variables=True))(resource) is not None
