"""Whether something that a statement grants stands: asked of the engine about things that no policy names,
so that only a right to all of them counts."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from ecsiam_tui.account.references import Home
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Severity
from ecsiam_tui.policy.catalogue import load, members
from ecsiam_tui.policy.document import document_from_data
from ecsiam_tui.policy.evaluation import evaluate
from ecsiam_tui.policy.layers import Policy, PolicySet
from ecsiam_tui.policy.patterns import action_matchers
from ecsiam_tui.policy.statements import Statement

NOBODY = "nobody-has-this-name"
_UNNAMED = {
    "secretsmanager": f"secret:{NOBODY}-AbCdEf",
    "ssm": f"parameter/{NOBODY}",
    "kms": "key/00000000-0000-0000-0000-000000000000",
    "dynamodb": f"table/{NOBODY}",
    "ecs": f"task/{NOBODY}/{NOBODY}",
}
DATA = ("secretsmanager:GetSecretValue", "s3:GetObject", "dynamodb:Scan", "ec2:RunInstances")
"""What is worth a break-in in any account: data and machines."""
Value = TypeVar("Value")


def once(make: Callable[[Facts], Value]) -> Callable[[Facts], Value]:
    """Make a value once for the same facts. It must not hold them."""
    known: WeakKeyDictionary[Facts, Value] = WeakKeyDictionary()

    def get(facts: Facts) -> Value:
        if facts not in known:
            known[facts] = make(facts)
        return known[facts]

    return get


class Standing(NamedTuple):
    """What the engine says. `keys` are the condition keys on which it depends, `unread` what was not read and
    has a say; a grant without either that is not `allowed` is cut off."""

    allowed: bool
    keys: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed or bool(self.keys or self.unread)


CUT_OFF = Standing(False)


def home(facts: Facts) -> Home:
    """The account in its first region."""
    snapshot = facts.snapshot
    region = snapshot.regions[0] if snapshot.regions else "us-east-1"
    return Home(snapshot.partition, region, snapshot.account_id)


@lru_cache(maxsize=8)
def _left_to_iam(root: str) -> PolicySet:
    """The key policy that leaves a key to the policies of identities, as the default one does: AWS KMS
    Developer Guide, "Default key policy"."""
    statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    document = document_from_data({"Version": "2012-10-17", "Statement": [statement]})
    return PolicySet("resource", [Policy("key policy", document)])


def unnamed(facts: Facts, action: str) -> str:
    """The ARN of something of the action's service that no policy names; `*` where it takes no particular
    kind of thing."""
    service = action.partition(":")[0]
    here = home(facts)
    if service == "s3":
        return f"arn:{here.partition}:s3:::{NOBODY}/{NOBODY}"
    if service in ("iam", "sts"):
        return f"arn:{here.partition}:iam::{here.account}:role/{NOBODY}"
    return here.arn(service, _UNNAMED[service]) if service in _UNNAMED else "*"


def stands(
    facts: Facts,
    principal: str,
    action: str,
    resource: str = "",
    context: Mapping[str, str] | None = None,
) -> Standing:
    """Whether a principal may do something: to an unnamed thing, or to `resource`. What the thing's own
    policy says is left aside: the question is what the principal's policies, boundary and organization let it
    do."""
    resource = resource or unnamed(facts, action)
    here = home(facts)
    known = {"aws:ResourceAccount": here.account, **(context or {})}
    if not action.startswith("iam:"):
        known.setdefault("aws:RequestedRegion", here.region)
    layers = facts.account.layers(principal)
    if action.startswith("kms:"):
        layers = layers.replace(resource=_left_to_iam(f"arn:{here.partition}:iam::{here.account}:root"))
    decision = evaluate(layers, facts.account.request(principal, action, resource, known, now=facts.now))
    if decision.outcome != "Depends":
        return Standing(decision.allowed)
    unread = tuple(layers.unknown.values())
    keys = tuple(key for key in decision.missing_context if key not in unread)
    return Standing(False, keys, () if keys else unread)


class Weight(NamedTuple):
    """How much a grant that stands weighs."""

    severity: Severity
    rests_on: tuple[str, ...] = ()
    note: str = ""


def weigh(standing: Standing, severity: Severity, *statements: Statement) -> Weight | None:
    """The severity of a grant; None where it is cut off, or where a condition of its own statements narrows
    it. A restriction from elsewhere that is left open, or that was not read, lowers it to medium."""
    if standing.allowed:
        return Weight(severity)
    if not standing:
        return None
    if standing.unread:
        return Weight(
            min(severity, Severity.MEDIUM), tuple(f"It rests on {what}." for what in standing.unread)
        )
    own = {condition.key.lower() for statement in statements for condition in statement.conditions}
    if any(key.lower() in own for key in standing.keys):
        return None
    return Weight(min(severity, Severity.MEDIUM), (), f" as far as {', '.join(standing.keys)} lets it")


def together(weights: Iterable[Weight]) -> Weight:
    """What some grants weigh together: the worst of those that are certain, if any is."""
    found = list(weights)
    certain = [weight for weight in found if not weight.rests_on]
    return max(certain or found, key=lambda weight: weight.severity)


@lru_cache(maxsize=512)
def samples(pattern: str, on_resources: bool = False) -> tuple[str, ...]:
    """A few actions that an Action pattern covers, spread over all of them: those that change or read
    something where there are any; with `on_resources` likewise those that are done to particular
    resources."""
    catalogue = load()
    levels = catalogue.level_bits
    bits = catalogue.bits(pattern)
    bits = bits & (levels["Write"] | levels["Permissions management"] | levels["Read"]) or bits
    if on_resources:
        bits = bits & ~catalogue.account_level_bits or bits
    numbers = list(members(bits))
    return tuple(catalogue.names[number] for number in numbers[:: max(1, len(numbers) // 5)][:6])


def examples(statement: Statement) -> Iterator[str]:
    """Actions that a statement is about, to ask whether any of them stands: what it names, a few of each
    pattern, and where it names those that it is not about, what is worth most of the rest."""
    for pattern in statement.actions:
        yield from samples(pattern) or (pattern,)
    if statement.not_actions:
        matchers = action_matchers(statement.not_actions)
        yield from (action for action in DATA if not any(matches(action.lower()) for matches in matchers))


def any_of(facts: Facts, principal: str, actions: Iterable[str]) -> Standing:
    """Whether any of some actions stands, on whatever resource."""
    found = CUT_OFF
    for action in actions:
        standing = stands(facts, principal, action, "*")
        if standing.allowed:
            return standing
        found = found or standing
    return found


def any_stands(facts: Facts, principal: str, statement: Statement, most: int = 12) -> Standing:
    """Whether any of what a statement is about stands: asked of some actions."""
    return any_of(facts, principal, islice(dict.fromkeys(examples(statement)), most))
