"""Trust policies that let in more than is needed: the public, other accounts, services, the dead."""

from collections.abc import Iterator

from ecsiam_tui.account.iam import Role
from ecsiam_tui.changes import change as c
from ecsiam_tui.findings.facts import Facts
from ecsiam_tui.findings.finding import Finding
from ecsiam_tui.findings.lacking import listed
from ecsiam_tui.findings.rules.trust_breadth import dead_principals, repeated, unused_services
from ecsiam_tui.findings.trusting import TASKS, account_of, allows_assuming, plain_service
from ecsiam_tui.fixes import documents
from ecsiam_tui.fixes.fix import Answers, Choice, Fix, Question, asking_recipe, recipe
from ecsiam_tui.fixes.trusts import regions_of, statement
from ecsiam_tui.policy.public_access import is_public


def _written(role: Role, document: documents.Statement, why: str, facts: Facts) -> c.UpdateTrust:
    """The trust policy; IAM takes none without statements: then the services that use the role are named,
    tasks if none does."""
    asked = {
        judged.requirement.principal
        for judged in facts.needs.of_role(role.arn)
        if judged.requirement.id == "TRUST" and judged.status == "met"
    }
    left = documents.statements(document)
    named = {value for one in left for value in _services(one)}
    for service in sorted(asked - named) or ([] if left else [TASKS]):
        new = statement(service, regions_of(role.arn, service, facts), facts)
        document = documents.added(document, [new])
    return c.UpdateTrust(role=role.arn, trust=documents.dump(document), why=why)


def _services(found: documents.Statement) -> list[str]:
    named = found.get("Principal")
    values = documents.as_list(named.get("Service", [])) if isinstance(named, dict) else []
    return [plain_service(str(value)) for value in values]


@recipe("remove-public-trust")
def remove_public_trust(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """Everybody goes; whoever is named beside them stays, and the services that use the role are let in."""
    role = facts.around.roles.get(finding.node)
    if role is None:
        return
    document = documents.load(role.assume_role_policy_document)
    touched = False
    for placed in reversed(list(facts.trust(role))):
        one = placed.statement
        if not allows_assuming(one) or not (one.not_principals or is_public(one)):
            continue
        touched = True
        document = documents.replace(document, one.index, _without_everybody)
    if touched:
        yield Fix(
            name="remove-public-trust",
            title=f"Let nobody assume {role.role_name} but those that it names",
            finding=finding.key,
            changes=(_written(role, document, "not for everybody", facts),),
            costs=("Whoever assumes the role without being named loses it.",),
        )


def _without_everybody(found: documents.Statement) -> list[documents.Statement]:
    if "NotPrincipal" in found or found.get("Principal") == "*":
        return []
    return documents.without_principals(found, "AWS", ("*",))


@asking_recipe("remove-foreign-trust")
def remove_foreign_trust(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Principals of other accounts go, but for those that a person says are needed."""
    role = facts.around.roles.get(finding.node)
    if role is None:
        return
    foreign = list(dict.fromkeys(value for _, value in _foreign(role, facts)))
    if not foreign:
        return
    question = Question(
        "keep",
        f"Which of them has to assume {role.role_name}? It stays as it is.",
        tuple(Choice(value, value) for value in foreign),
        many=True,
    )
    gone = [value for value in foreign if value not in question.answer(answers)]
    document = documents.load(role.assume_role_policy_document)
    for index in sorted({index for index, value in _foreign(role, facts) if value in gone}, reverse=True):
        document = documents.replace(
            document, index, lambda one: documents.without_principals(one, "AWS", gone)
        )
    if gone:
        yield Fix(
            name="remove-foreign-trust",
            title=f"Let {listed(gone, 3)} no longer assume {role.role_name}",
            finding=finding.key,
            changes=(_written(role, document, "no other account", facts),),
            costs=tuple(f"{value} of account {account_of(value)} loses the role." for value in gone),
            questions=(question,),
        )


def _foreign(role: Role, facts: Facts) -> Iterator[tuple[int, str]]:
    for placed in facts.trust(role):
        for one in placed.statement.principals if allows_assuming(placed.statement) else ():
            account = account_of(one.value) if one.type == "AWS" else ""
            if account not in ("", "aws", facts.snapshot.account_id):
                yield placed.statement.index, one.value


@asking_recipe("trim-trust")
def trim_trust(finding: Finding, facts: Facts, answers: Answers) -> Iterator[Fix]:
    """Services that are not seen to use the role go, but for those that a person says use it."""
    role = facts.around.roles.get(finding.node)
    if role is None or finding.rule != "ECS-IAM-015":
        return
    extra = unused_services(facts, role)
    question = Question(
        "keep",
        f"Which of them uses {role.role_name} after all? It stays.",
        tuple(Choice(service, service, note) for service, note in extra.items()),
        many=True,
    )
    gone = [service for service in extra if service not in question.answer(answers)]
    document = documents.load(role.assume_role_policy_document)
    for placed in reversed(list(facts.trust(role))):
        if allows_assuming(placed.statement):
            document = documents.replace(
                document, placed.statement.index, lambda one: _without_services(one, gone)
            )
    if gone:
        yield Fix(
            name="trim-trust",
            title=f"Let {listed(gone)} no longer assume {role.role_name}",
            finding=finding.key,
            changes=(_written(role, document, "only the services that use the role", facts),),
            costs=tuple(f"{service} loses the role." for service in gone),
            warnings=tuple(note for service, note in extra.items() if note and service in gone),
            questions=(question,),
        )


def _without_services(found: documents.Statement, gone: list[str]) -> list[documents.Statement]:
    named = found.get("Principal")
    values = documents.as_list(named.get("Service", [])) if isinstance(named, dict) else []
    lost = [value for value in values if plain_service(str(value)) in gone]
    return documents.without_principals(found, "Service", lost)


def _gone(_: documents.Statement) -> list[documents.Statement]:
    return []


@recipe("remove-stale-principal")
def remove_stale_principal(finding: Finding, facts: Facts) -> Iterator[Fix]:
    """Those who no longer exist go, and statements that say the same twice."""
    role = facts.around.roles.get(finding.node)
    if role is None:
        return
    dead = dead_principals(facts, role)
    twice = {placed.statement.index for placed in repeated(facts, role)}
    document = documents.load(role.assume_role_policy_document)
    for placed in reversed(list(facts.trust(role))):
        index = placed.statement.index
        if index in twice:
            document = documents.replace(document, index, _gone)
        elif dead:
            document = documents.replace(
                document, index, lambda one: documents.without_principals(one, "AWS", dead)
            )
    told = [f"names {listed(dead, 3)}"] if dead else []
    told += ["says the same twice"] if twice else []
    if told:
        yield Fix(
            name="remove-stale-principal",
            title=f"Take out of the trust policy of {role.role_name} what {' and '.join(told)}",
            finding=finding.key,
            changes=(_written(role, document, "dead entries", facts),),
        )
