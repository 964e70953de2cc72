"""What the account at hand says of an error: which role it was, whether the request would be denied today,
and the smallest change that would let it through."""

from functools import cached_property
from itertools import chain

import msgspec

from ecsiam_tui.account.arns import parse_arn, short_name
from ecsiam_tui.account.iam import Role
from ecsiam_tui.account.references import home_of
from ecsiam_tui.ecs.asking import Asks
from ecsiam_tui.ecs.errors import names, wording
from ecsiam_tui.ecs.errors.explained import Explained, Layer
from ecsiam_tui.ecs.judge import Judge
from ecsiam_tui.ecs.requirement import Requirement, RoleKind
from ecsiam_tui.ecs.requirements import of_account, of_workload
from ecsiam_tui.ecs.rows_roles import task_roles
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.ecs.workloads import of_definition, workloads
from ecsiam_tui.policy import catalogue
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.evaluation import Decision
from ecsiam_tui.policy.messages import LAYER_NAMES
from ecsiam_tui.policy.why_not import Step, solve

_TASKS = "ecs-tasks.amazonaws.com"
_LAYERS: tuple[Layer, ...] = ("identity", "resource", "boundary", "session", "scp", "rcp", "vpce")


class AccountView:
    """One account, asked about several errors."""

    def __init__(self, account: AccountPolicies) -> None:
        self.account = account
        self._around = Surroundings(account.snapshot)
        self._judge_of = Judge(account, self._around)
        self._known: dict[tuple[str, ...], Explained] = {}

    @cached_property
    def _of_tasks(self) -> dict[str, dict[RoleKind, Requirement]]:
        """The roles of task definitions, and that Amazon ECS must be able to assume them."""
        found: dict[str, dict[RoleKind, Requirement]] = {}
        for definition in self._around.snapshot.task_definitions:
            if definition.execution_role_arn or definition.task_role_arn:
                asks = Asks(of_definition(definition, self._around), self._around)
                for trust in task_roles(asks):
                    found.setdefault(trust.resource, {}).setdefault(trust.role_kind, trust)
        return found

    @cached_property
    def _of_others(self) -> dict[str, dict[RoleKind, Requirement]]:
        """The roles of launchers, hosts, and of what services have beside their tasks."""
        found: dict[str, dict[RoleKind, Requirement]] = {}
        services = (work for work in workloads(self._around) if work.service is not None)
        needs = chain(
            of_account(self._around),
            chain.from_iterable(of_workload(work, self._around) for work in services),
        )
        for need in needs:
            if need.id == "TRUST":
                found.setdefault(need.resource, {}).setdefault(need.role_kind, need)
        return found

    def _uses(self, role: str) -> dict[RoleKind, Requirement]:
        return self._of_tasks.get(role) or self._of_others.get(role) or {}

    def judged(self, one: Explained) -> Explained:
        """The error with the role as the account knows it, the engine's decision and the smallest change."""
        if one.category not in ("permission", "trust"):
            return one
        key = (*one.key, one.principal)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._judge(self._named(one))
        return msgspec.structs.replace(known, text=one.text)

    def _named(self, one: Explained) -> Explained:
        """With the role's ARN, path and all, and its part."""
        if one.rule == "kms-denied" and not one.resource:
            one = msgspec.structs.replace(one, resource=self._key(one.text))
        role = self._role(one.role)
        if role is None:
            return one
        kinds = self._uses(role.arn)
        kind = one.role_kind or (next(iter(kinds)) if len(kinds) == 1 else "")
        return msgspec.structs.replace(one, role=role.arn, role_kind=kind)

    def _key(self, text: str) -> str:
        """The key that encrypts the secret or parameter which a text names; empty where none is known."""
        for arn in names.arns(text, "secretsmanager", "ssm"):
            secret = self._around.secrets.get(names.secret(arn))
            parameter = self._around.parameters.get(arn)
            key = (secret.kms_key_id if secret else None) or (parameter.key_id if parameter else None)
            if key:
                return self._around.key(key, home_of(arn))[0]
        return ""

    def _role(self, told: str) -> Role | None:
        """The role that an ARN or name means; one whose account is blacked out is found by its name."""
        if not told:
            return None
        parsed = parse_arn(told)
        if (
            parsed is not None
            and parsed.account.isdigit()
            and parsed.account != self.account.snapshot.account_id
        ):
            return None
        found = self.account.principal(told) or self.account.principal(self.account.resolve(short_name(told)))
        return found if isinstance(found, Role) else None

    def _judge(self, one: Explained) -> Explained:
        if one.category == "trust" and one.action in ("", "sts:AssumeRole") and one.rule != "not-authorized":
            return self._judge_trust(one)
        acting = one.role or one.principal
        role = self._role(one.role)
        if role is None:
            return (
                msgspec.structs.replace(one, now=self._absent(one.role)) if one.role else self._as_user(one)
            )
        return self._decided(one, role.arn if role else acting)

    def _as_user(self, one: Explained) -> Explained:
        if self.account.principal(one.principal) is None:
            return one
        return self._decided(one, one.principal)

    def _absent(self, told: str) -> str:
        parsed = parse_arn(told)
        account = self.account.snapshot.account_id
        if parsed is not None and parsed.account.isdigit() and parsed.account != account:
            return f"role {short_name(told)} belongs to account {parsed.account}; this is account {account}"
        if not self.account.snapshot.is_known("roles"):
            return ""
        return f"there is no role {short_name(told)} in account {account} any more"

    def _decided(self, one: Explained, principal: str) -> Explained:
        resource = self._asked(one)
        if not one.action or not resource:
            return one
        parsed = parse_arn(resource)
        context = {"aws:RequestedRegion": parsed.region} if parsed and parsed.region else {}
        decision = self.account.decide(principal, one.action, resource, context)
        return self._with(one, decision)

    def _asked(self, one: Explained) -> str:
        """The resource to ask about: as told, a blacked-out account being this one; empty where it cannot be
        made out."""
        resource = one.resource
        if one.action and catalogue.is_account_level(one.action):
            return "*"
        parsed = parse_arn(resource)
        if parsed is None:
            return resource if resource == "*" else ""
        if parsed.account and not parsed.account.isdigit():
            parsed = parsed._replace(account=self.account.snapshot.account_id)
        return self._whole(str(parsed))

    def _whole(self, arn: str) -> str:
        """A secret's whole ARN where the text was cut: the one that begins so."""
        if ":secret:" not in arn:
            return arn
        begins = [secret.arn for secret in self.account.snapshot.secrets if secret.arn.startswith(arn)]
        return begins[0] if len(begins) == 1 else arn

    def _judge_trust(self, one: Explained) -> Explained:
        if one.rule == "slr-assume":
            there = any(role.role_name == "AWSServiceRoleForECS" for role in self.account.snapshot.roles)
            if there:
                return msgspec.structs.replace(one, now="AWSServiceRoleForECS exists now: try again")
            missing = "AWSServiceRoleForECS does not exist in this account"
            return msgspec.structs.replace(
                one, now=missing if self.account.snapshot.is_known("roles") else ""
            )
        if not one.role:
            return one
        role = self._role(one.role)
        if role is None:
            return self._unknown_role(one)
        needs = self._uses(role.arn)
        need = needs.get(one.role_kind) if one.role_kind else next(iter(needs.values()), None)
        if need is None:
            return one
        service = need.principal
        one = msgspec.structs.replace(
            one,
            summary=one.summary.replace(_TASKS, service),
            fixes=tuple(fix.replace(_TASKS, service) for fix in one.fixes),
        )
        decision = self._judge_of.judge(need).decision
        return one if decision is None else self._with(one, decision)

    def _unknown_role(self, one: Explained) -> Explained:
        """A role that is not in the account: gone, or another account's, which ECS does not take."""
        now = self._absent(one.role)
        fixes = one.fixes
        if now.startswith("there is no role"):
            fixes = ("name a role that exists in the task definition, or create this one", *fixes)
        elif now and one.rule == "ecs-assume":
            fixes = ("name a role of this account: Amazon ECS takes no other's", *fixes)
        return msgspec.structs.replace(one, now=now, fixes=fixes)

    def _with(self, one: Explained, decision: Decision) -> Explained:
        taken = f"{self.account.snapshot.taken_at:%Y-%m-%d %H:%M} UTC"
        outcome = decision.outcome
        if outcome == "Allowed":
            now = f"the account's policies, as read on {taken}, allow this: they were changed since"
            fixes: tuple[str, ...] = (
                "nothing more has to change: start the task again (aws ecs update-service"
                " --force-new-deployment)",
            )
            return msgspec.structs.replace(one, decision=decision, now=now, fixes=fixes)
        if outcome == "Depends":
            keys = ", ".join(decision.missing_context)
            now = f"in the account's policies, as read on {taken}, it depends on {keys}"
            return msgspec.structs.replace(one, decision=decision, now=now)
        blocked = " and ".join(LAYER_NAMES.get(name, name) for name in decision.blocked_by)
        now = f"the account's policies, as read on {taken}, still deny this: {blocked or 'nothing allows it'}"
        answer, _ = solve(decision.layers, decision.request)
        layer: Layer = one.layer or next((name for name in _LAYERS if name == decision.layer), "")
        fixes = tuple(_words(step, one) for step in answer.steps)
        if answer.impossible:
            fixes = (f"no change of policies alone helps: {answer.impossible}", *one.fixes)
        return msgspec.structs.replace(
            one, decision=decision, now=now, layer=layer, steps=answer.steps, fixes=fixes or one.fixes
        )


def _words(step: Step, one: Explained) -> str:
    """A step of the smallest change as one says it."""
    who = wording.actor(one.role, one.principal, one.role_kind)
    if step.kind == "add statement" and step.layer == "resource" and one.category == "trust":
        principal = step.statements[0].get("Principal", "it")
        named = next(iter(principal.values())) if isinstance(principal, dict) else principal
        return f"let {named} assume {who} in its trust policy"
    if step.kind == "add statement" and step.layer in ("identity", "boundary"):
        statement = step.statements[0]
        what = f"{statement['Action']} on {statement.get('Resource', '*')}"
        if step.layer == "identity":
            return f"allow {what} to {who}"
        return f"let the permissions boundary of {who} allow {what}"
    name = LAYER_NAMES.get(step.layer, step.layer)
    return step.text if name in step.text else f"{name}: {step.text}"
