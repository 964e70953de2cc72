"""Questions to the policy engine as a person asks them: typed texts in, decisions out; what could be typed
next; and questions as policy tests (docs/policy-tests.md)."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from ecsiam_tui.account.arns import parse_arn, short_name
from ecsiam_tui.graph.kinds import NodeKind
from ecsiam_tui.graph.outline import TRUST, Item
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.batch import BatchCase, BatchRequest, Level, decide
from ecsiam_tui.policy.catalogue import load
from ecsiam_tui.policy.evaluation import Decision
from ecsiam_tui.policy.explanation import StatementRef
from ecsiam_tui.policy.global_keys import GLOBAL_KEYS
from ecsiam_tui.policy.layers import PolicySet
from ecsiam_tui.policy.principals import ANONYMOUS, parse_principal
from ecsiam_tui.workspace import Workspace

MOST_MATCHES = 8
MOST_ASKED = 60
"""Combinations of actions and resources that are asked at once."""
_PRINCIPALS = (NodeKind.ROLE, NodeKind.USER)


class Question(NamedTuple):
    """What is typed: a principal by name or ARN; actions and resources with spaces between; context as
    `key=value` with spaces between, the same key twice for several values."""

    principal: str = ""
    actions: str = ""
    resources: str = ""
    context: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it can be asked."""
        return bool(self.principal.strip() and self.actions.split())

    @property
    def label(self) -> str:
        """In one line."""
        resources = " ".join(map(short_name, self.resources.split())) or "*"
        return f"{short_name(self.principal.strip())}  {self.actions.strip()}  {resources}"


class Answer(NamedTuple):
    """The decisions of a question, one for each action and resource, or why it cannot be asked. `unread` is
    what nobody has read and a Deny may stand in, for each."""

    question: Question
    decisions: tuple[Decision, ...] = ()
    unread: tuple[tuple[str, ...], ...] = ()
    error: str = ""
    hints: tuple[str, ...] = ()

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What was decided."""
        return tuple(decision.outcome for decision in self.decisions)


def ask(account: AccountPolicies, question: Question) -> Answer:
    """Ask. Errors are sentences for a person."""
    try:
        principal = _principal(account, question.principal.strip())
        actions = tuple(_actions(question.actions.split()))
        resources = tuple(_resources(question.resources.split())) or ("*",)
        context = context_of(question.context)
    except ValueError as error:
        return Answer(question, error=str(error))
    pairs = [(action, resource) for action in actions for resource in resources]
    if len(pairs) > MOST_ASKED:
        return Answer(question, error=f"{len(pairs)} questions at once; at most {MOST_ASKED} are asked")
    decisions = tuple(account.decide(principal, *pair, context) for pair in pairs)
    catalogue = load()
    unknown = [name for name in actions if catalogue.names and catalogue.number(name) is None]
    hints = [f"{name} is not an action that is known; it is decided as written" for name in unknown]
    unread = tuple(account.unread_besides(decision) for decision in decisions)
    return Answer(question, decisions, unread, hints=tuple(hints))


def _principal(account: AccountPolicies, name: str) -> str:
    arn = account.resolve(name)
    if account.principal(arn) is not None or account.unread_principal(arn):
        return arn
    if name == "anonymous":
        return ANONYMOUS
    if name == "root":
        return f"arn:{account.snapshot.partition}:iam::{account.snapshot.account_id}:root"
    parsed = parse_principal(arn)
    if parsed.kind in ("root", "anonymous", "service") or (arn.startswith("arn:") and not parsed.is_iam):
        return parsed.text
    raise ValueError(f"no role or user is called {name} in account {account.snapshot.account_id}")


def _actions(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        service, colon, rest = name.partition(":")
        if not (colon and service and rest):
            raise ValueError(f"{name} is no action: write service:Action, such as ecs:UpdateService")
        if "*" in name or "?" in name:
            raise ValueError(f"{name} is a pattern: ask about one action, such as s3:GetObject")
        yield name


def _resources(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name != "*" and parse_arn(name) is None:
            raise ValueError(f"{name} is no resource: give its ARN, or * for any")
        yield name


def context_of(text: str) -> dict[str, Any]:
    """The context that is typed. Raises ValueError."""
    found: dict[str, Any] = {}
    for pair in text.split():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ValueError(f"context is key=value, such as aws:RequestedRegion=eu-west-1, not {pair}")
        known = found.get(key)
        found[key] = (
            value if known is None else [*known, value] if isinstance(known, list) else [known, value]
        )
    return found


# Beginning at a row of the tree


def question_of(item: Item | None, workspace: Workspace, last: Question) -> Question:
    """The question that lies near where somebody stands; the rest is that of the question before."""
    node = item.node if item is not None else None
    if item is None or node is None:
        return last
    statement = item.statement
    if statement is not None and not item.key.endswith(TRUST):
        concrete = [name for name in statement.actions if ":" in name and "*" not in name and "?" not in name]
        named = [one for one in statement.resources if one != "*" and "*" not in one and "${" not in one]
        holder = _holder(item, workspace)
        if holder:
            return Question(holder, " ".join(concrete[:3]), " ".join(named[:1]))
    if node.kind in _PRINCIPALS:
        return last._replace(principal=node.title)
    if node.kind in (NodeKind.SERVICE, NodeKind.TASK_DEFINITION):
        role = _task_role(node.id, workspace) if workspace.is_judged else ""
        return last._replace(principal=short_name(role)) if role else last
    holder = _holder(item, workspace)
    if holder:
        return last._replace(principal=holder)
    return last._replace(resources=node.id) if node.id.startswith("arn:") else last


def _task_role(node_id: str, workspace: Workspace) -> str:
    """The task role of a service or task definition."""
    for workload in workspace.needs.workloads:
        if node_id in (workload.id, workload.definition.task_definition_arn) and workload.task_role:
            return workload.task_role
    return ""


def _holder(item: Item, workspace: Workspace) -> str:
    """The role or user that a row stands below."""
    for step in reversed(item.key.split("\x1f")):
        node = workspace.estate.get(step)
        if node is not None and node.kind in _PRINCIPALS:
            return node.title
    return ""


# Completing


def complete(
    field: str, typed: str, question: Question, workspace: Workspace, missing: Iterable[str]
) -> list[str]:
    """What the last word of a field could be. `missing` are the context keys that the answer hangs on."""
    word = typed if field == "principal" else typed[typed.rfind(" ") + 1 :]
    lowered = word.lower()
    if not lowered and field != "context":
        return []
    most = 500 if field == "actions" else MOST_MATCHES
    seen: set[str] = set()
    first: list[str] = []
    then: list[str] = []
    for name in _names(field, question, workspace, missing):
        small = name.lower()
        if small == lowered or small in seen:
            continue
        seen.add(small)
        if small.startswith(lowered) or small.partition(":")[2].startswith(lowered):
            first.append(name)
        elif lowered in small:
            then.append(name)
        if len(first) >= most:
            break
    if field == "actions":  # the plainest service first: s3 before s3-object-lambda
        first.sort(key=len)
    return [*first, *then][:MOST_MATCHES]


def completed(field: str, typed: str, match: str) -> str:
    """The field with its last word completed."""
    if field == "principal":
        return match
    return typed[: typed.rfind(" ") + 1] + match


def _names(field: str, question: Question, workspace: Workspace, missing: Iterable[str]) -> Iterable[str]:
    if field == "principal":
        return _principal_names(workspace)
    if field == "actions":
        return load().names
    return _resource_names(question, workspace) if field == "resources" else _key_names(question, missing)


def _principal_names(workspace: Workspace) -> Iterator[str]:
    for kind in _PRINCIPALS:
        for node in workspace.estate.nodes(kind):
            if node.record is not None:
                yield node.title
    yield from ("anonymous", "root")


def _resource_names(question: Question, workspace: Workspace) -> Iterator[str]:
    """ARNs of the account; those of the asked action's service first."""
    action = (question.actions.split() or [""])[0]
    service = {"ssmmessages": "ssm"}.get(action.partition(":")[0].lower(), action.partition(":")[0].lower())
    ids = [node.id for node in workspace.estate.nodes() if node.id.startswith("arn:") and "#" not in node.id]
    yield from (arn for arn in ids if service and f":{service}:" in arn)
    yield from (arn for arn in ids if not service or f":{service}:" not in arn)


def _key_names(question: Question, missing: Iterable[str]) -> Iterator[str]:
    """Keys: those that matter first, then those of the action's service, then the global ones."""
    yield from (f"{key}=" for key in missing)
    service = load().service((question.actions.split() or [""])[0].partition(":")[0])
    if service is not None:
        yield from (
            f"{key.name.partition('${')[0]}{'' if '${' in key.name else '='}"
            for key in service.condition_keys
        )
    yield from (key if key.endswith("/") else f"{key}=" for key in GLOBAL_KEYS)


# Where it is decided


class Place(NamedTuple):
    """A policy's text with the lines of the statement that decides."""

    title: str
    text: str
    lines: tuple[int, int] | None = None


def deciding_place(decision: Decision) -> Place | None:
    """The statement that decides: the Deny, what it depends on, the Allow, or else the nearest miss."""
    explanation = decision.explain()
    by_says: dict[str, StatementRef] = {}
    grants = ("identity", "resource")  # what limits is silent where it lets a thing pass
    for layer in sorted(explanation.layers, key=lambda layer: layer.layer not in grants):
        for match in layer.matches:
            by_says.setdefault(layer.says, match.statement)
    order = {
        "ExplicitlyDenied": ("denies",),
        "Depends": ("depends", "denies", "allows"),
        "Allowed": ("allows",),
    }.get(decision.outcome, ())
    ref = next((by_says[says] for says in order if says in by_says), None)
    if ref is None and explanation.near_misses:
        ref = explanation.near_misses[0].statement
    if ref is None:
        return None
    for layer_name, policies in decision.layers.all_sets():
        for compiled in policies.policies:
            policy = compiled.policy
            if (layer_name, policy.name, policy.arn) == (ref.layer, ref.policy, ref.policy_arn):
                return Place(f"§ {ref.policy}", policy.document.display_text, ref.lines)
    return None


# Policy tests


def as_tests(answer: Answer) -> Iterator[bytes]:
    """A question's decisions as policy tests that expect what was decided. Each stands for itself: the
    policies are in it."""
    for decision in answer.decisions:
        yield msgspec.json.encode(_trimmed(_case(decision, answer.question)))


def _case(decision: Decision, question: Question) -> BatchCase:
    layers, request = decision.layers, decision.request
    case = BatchCase(
        request=BatchRequest(
            principal=request.principal if request.principal != ANONYMOUS else {"type": "Anonymous"},
            action=request.action,
            resource=request.resource,
            resource_account=request.resource_account,
            context=dict(request.context),
        ),
        id=f"{short_name(request.principal)} {request.action} {short_name(request.resource)}",
        name=question.label,
        identity_policies=_texts(layers.identity),
        resource_policy=next(iter(_texts(layers.resource)), None),
        boundary=_texts(layers.boundary) or None,
        session_policy=next(iter(_texts(layers.session)), None),
        scps=[Level(f"level {number}", _texts(level)) for number, level in enumerate(layers.scps)] or None,
        rcps=[Level(f"level {number}", _texts(level)) for number, level in enumerate(layers.rcps)] or None,
        settings={"s3": {"blockPublicAccess": True}} if layers.block_public_access else None,
        expected=decision.outcome,
    )
    # Open keys are absent in a strict test; where that gives another answer, they stay open in it.
    for mode in ("strict", "possible"):
        tried = msgspec.structs.replace(case, mode=mode)
        if decide(tried).outcome == decision.outcome:
            return tried
    # Policies that nobody has read are not in a test: it expects what the others say.
    return msgspec.structs.replace(case, expected=decide(case).outcome)


def _texts(policies: PolicySet | None) -> list[Any]:
    if policies is None:
        return []
    return [_decoded(compiled.policy.document.text) for compiled in policies.policies]


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        return text


def _trimmed(case: BatchCase) -> dict[str, Any]:
    """Without what says nothing."""
    data: dict[str, Any] = msgspec.to_builtins(case)
    kept = {key: value for key, value in data.items() if value not in (None, "")}
    kept["request"] = {key: value for key, value in data["request"].items() if value is not None}
    return kept
