"""What rules about trust policies share: whom a statement lets in, and what stands in a service's way."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.account.iam import Role
from ecsiam_tui.findings.facts import Facts, Placed
from ecsiam_tui.policy.conditions import parse_operator
from ecsiam_tui.policy.evaluation import Decision, Outcome, State, evaluate
from ecsiam_tui.policy.messages import condition_words
from ecsiam_tui.policy.patterns import action_matchers, is_universal
from ecsiam_tui.policy.statements import Condition, Statement
from ecsiam_tui.policy.truth import NO, YES

ASSUME = "sts:AssumeRole"
TASKS = "ecs-tasks.amazonaws.com"
ECS = "ecs.amazonaws.com"
EC2 = "ec2.amazonaws.com"

_SENDERS = {
    TASKS: "ECS",
    ECS: "ECS",
    EC2: "EC2",
    "events.amazonaws.com": "EventBridge",
    "scheduler.amazonaws.com": "EventBridge Scheduler",
    "states.amazonaws.com": "Step Functions",
    "codedeploy.amazonaws.com": "CodeDeploy",
    "ssm.amazonaws.com": "Systems Manager",
}
_REGIONAL = re.compile(r"^([a-z0-9-]+)\.[a-z]{2}(?:-[a-z]+)+-\d\.(amazonaws\.com)$")
_POSITIVE = frozenset({"string", "like", "arn"})


class Obstacle(NamedTuple):
    """A statement of a trust policy that keeps a service out: a Deny, or an Allow whose conditions do not
    hold. `texts` say why, one a condition."""

    statement: Statement
    texts: tuple[str, ...]


def sender(service: str) -> str:
    """Who asks for a role, by the service principal."""
    return _SENDERS.get(service, service)


def allows_assuming(statement: Statement) -> bool:
    """Whether it is an Allow that covers sts:AssumeRole."""
    return statement.effect == "Allow" and covers_assuming(statement)


def covers_assuming(statement: Statement) -> bool:
    """Whether its actions cover sts:AssumeRole."""
    patterns = statement.actions or statement.not_actions
    named = any(matches(ASSUME.lower()) for matches in action_matchers(patterns))
    return named != bool(statement.not_actions)


def trusts(facts: Facts, roles: Mapping[str, Role]) -> Iterator[tuple[Role, list[Placed]]]:
    """Roles with the statements of their trust policies that are about sts:AssumeRole, but for service-linked
    ones, whose trust AWS keeps."""
    for role in roles.values():
        if not role.is_service_linked:
            yield role, [placed for placed in facts.trust(role) if covers_assuming(placed.statement)]


def plain_service(value: str) -> str:
    """A service principal without region and without the suffix of China's partition: they name the same
    service."""
    value = value.removesuffix(".cn")
    regional = _REGIONAL.match(value)
    return ".".join(regional.groups()) if regional else value


def services(statement: Statement) -> list[str]:
    """The service principals that a statement names, each once."""
    named = (found.value for found in statement.principals if found.type == "Service")
    return list(dict.fromkeys(plain_service(value) for value in named))


def account_of(value: str) -> str:
    """The account of a principal of type AWS; empty for everybody and for unique ids."""
    if len(value) == 12 and value.isdigit():
        return value
    parsed = parse_arn(value)
    return parsed.account if parsed else ""


def limits(condition: Condition, keys: frozenset[str]) -> bool:
    """Whether a condition asks for a value of one of these keys (lower case; `aws:principaltag/` stands for
    every tag), not just for any value."""
    key = condition.key.lower()
    if key not in keys and f"{key.partition('/')[0]}/" not in keys:
        return False
    operator = parse_operator(condition.operator).operator
    if operator is None or operator.negated or operator.family not in _POSITIVE | {"bool", "ip"}:
        return False
    return not any(is_universal(value) for value in condition.values)


def outcome(facts: Facts, principal: str, role: str, context: Mapping[str, str] | None = None) -> Outcome:
    """Whether a principal could assume a role, as far as the account tells."""
    request = facts.account.request(principal, ASSUME, role, context, now=facts.now)
    return evaluate(facts.account.layers(principal, ASSUME, role), request).outcome


def obstacles(decision: Decision) -> list[Obstacle]:
    """The statements that name the service of a refused request and keep it out; empty where none names
    it."""
    state = State(decision.request, decision.layers)
    trust = decision.layers.resource
    if trust is None:
        return []
    plan = trust.plan(state.action)
    found = []
    for allowing in plan.allows:
        failing = [one.source for one in allowing.conditions if one.evaluate(state.context.lookup) == NO]
        if state.named(allowing) and failing:
            texts = tuple(_failure(condition, decision, state) for condition in failing)
            found.append(Obstacle(allowing.statement, texts))
    denying = (one for one in plan.denies if state.named(one) and state.applies(one) == YES)
    return found + [Obstacle(one.statement, ("a Deny is for the service, too",)) for one in denying]


def _failure(condition: Condition, decision: Decision, state: State) -> str:
    who = sender(decision.request.principal)
    parsed = parse_operator(condition.operator)
    if parsed.operator is None:
        return f"{condition.operator} is no condition operator of AWS"
    asked = condition_words(condition)
    sent = state.context.lookup(condition.key.lower())
    if not isinstance(sent, tuple):
        return f"asks for {asked}, and {who} sends no {condition.key}"
    text = f"asks for {asked}, and {who} sends {', '.join(_sent(value) for value in sent)}"
    literal = parsed.operator.family == "string" and any(set("*?") & set(value) for value in condition.values)
    return f"{text} ({condition.operator} takes a wildcard for a character)" if literal else text


def _sent(value: str) -> str:
    """An ARN that stands for any of ECS's: what comes after the account is not documented."""
    return f"{value.removesuffix(':any')}:…" if value.endswith(":any") else value
