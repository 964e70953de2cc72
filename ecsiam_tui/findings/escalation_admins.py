"""Who is an administrator: whoever may do everything, and whoever may give that to itself."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ecsiam_tui.account.iam import Group, ManagedPolicy, Role, User
from ecsiam_tui.findings.escalation_asking import EVERY_ACTION, MADE_UP, Asking
from ecsiam_tui.findings.escalation_doubt import CERTAIN, Doubt, both, doubt_of
from ecsiam_tui.policy.document import document_from_data
from ecsiam_tui.policy.layers import Layers, Policy, PolicySet

VERSION, DEFAULT, JOIN = "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:AddUserToGroup"
KINDS = ("Role", "User", "Group")
EDITS = (*(f"iam:{verb}{kind}Policy" for kind in KINDS for verb in ("Put", "Attach")), VERSION, DEFAULT, JOIN)
"""Actions that change what a role, user or group is allowed."""
NEW = {
    "role": ("iam:CreateRole", ("iam:AttachRolePolicy", "iam:PutRolePolicy"), ()),
    "user": ("iam:CreateUser", ("iam:AttachUserPolicy", "iam:PutUserPolicy"), ("iam:CreateAccessKey",)),
}
"""What makes a principal, gives it a policy (one of these), and lets one act as it."""
ACTIONS = tuple(dict.fromkeys((*EDITS, *(NEW[kind][0] for kind in NEW), "iam:CreateAccessKey")))
OLDER = "whether another version of {} allows more"

_ALL = document_from_data(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
)


class Power(NamedTuple):
    """What makes a principal powerful: the actions, in words, and what that hangs on."""

    actions: tuple[str, ...]
    how: str
    doubt: Doubt = CERTAIN


class Change(NamedTuple):
    """A question whose yes gives a principal other policies. `versions` is the name of the policy whose older
    version would have to allow more."""

    action: str
    resource: str
    context: dict[str, Any]
    unbounded: bool = False
    versions: str = ""


class Admins:
    """Who may do everything, and who may change whose policies so that they may."""

    def __init__(self, asking: Asking) -> None:
        self.asking, self.snapshot = asking, asking.snapshot
        self._arn = f"{asking.head}:iam::{self.snapshot.account_id}"
        self._administrator = f"{asking.head}:iam::aws:policy/AdministratorAccess"
        self._policies: dict[str, ManagedPolicy] = {policy.arn: policy for policy in self.snapshot.policies}
        every: list[Role | User | Group] = [*self.snapshot.roles, *self.snapshot.users, *self.snapshot.groups]
        self.principals = {found.arn: found for found in every}
        self.certain: dict[str, Power] = {}
        self.possible: dict[str, Power] = {}
        for arn, found in self.principals.items():
            if not (isinstance(found, Role) and found.is_service_linked) and (mask := asking.mask(arn)):
                power = self._power(arn, mask)
                if power is not None:
                    (self.certain if power.doubt.certain else self.possible)[arn] = power

    def _power(self, principal: str, mask: int) -> Power | None:
        """The first certain power, else the first possible one."""
        possible = None
        for power in self._powers(principal, mask):
            if power is not None and power.doubt.certain:
                return power
            possible = possible or power
        return possible

    def _powers(self, principal: str, mask: int) -> Iterator[Power | None]:
        if self.asking.has(mask, EVERY_ACTION):
            layers = self.asking.layers(principal).replace(scps=(), rcps=())
            doubt = self._everything(layers, principal)
            if doubt is not None:
                yield Power(("*",), f"{self._source(principal)} allows every action on every resource", doubt)
        if any(self.asking.has(mask, action) for action in EDITS):
            edit = self.edits(principal, principal)
            if edit is not None:
                how = f"may change its own policies ({', '.join(edit.actions)})"
                yield Power(edit.actions, how, edit.doubt)
        for kind in NEW:
            yield self._makes(principal, mask, kind)

    def _source(self, principal: str) -> str:
        for attachment in self.asking.attachments(principal)[0]:
            for statement in self.asking.account.document(attachment.text).statements:
                if statement.effect == "Allow" and (not statement.actions or "*" in statement.actions):
                    return attachment.name
        return "its policies"

    def _everything(self, layers: Layers, principal: str) -> Doubt | None:
        """Whether nothing is held back: an action of no service on a thing that is not there, and two that
        hand power on. What SCPs forbid the whole account makes nobody less of an administrator of it."""
        region, account = self.asking.regions[0], self.snapshot.account_id
        probes: tuple[tuple[str, str, dict[str, Any]], ...] = (
            (EVERY_ACTION, f"{self.asking.head}:{MADE_UP}:{region}:{account}:{MADE_UP}/1", {}),
            (
                "iam:AttachRolePolicy",
                f"{self._arn}:role/{MADE_UP}",
                {"iam:PolicyARN": self._administrator},
            ),
            (
                "iam:PassRole",
                f"{self._arn}:role/{MADE_UP}",
                {"iam:PassedToService": "ecs-tasks.amazonaws.com"},
            ),
        )
        found: Doubt | None = CERTAIN
        for action, resource, context in probes:
            decision = self.asking.decide(layers, principal, action, resource, context, unbounded=True)
            found = both(found, doubt_of(decision))
        return found

    # Changing policies

    def edits(self, actor: str, target: str) -> Power | None:
        """Whether one principal may give another (or itself) any permission, beyond its boundary too."""
        asking = self.asking
        possible: Power | None = None
        for change in self._changes(actor, target):
            if not asking.could(actor, change.action)(change.resource):
                continue
            doubt = asking.may(
                actor, change.action, change.resource, change.context, unbounded=change.unbounded
            )
            if doubt is None:
                continue
            if change.versions:
                doubt = doubt.also(Doubt((OLDER.format(change.versions),)))
            freed = self._freed(actor, target)
            if freed is None:
                return None
            power = Power((change.action, *freed.actions), "", doubt.also(freed.doubt))
            if power.doubt.certain:
                return power
            possible = possible or power
        return possible

    def _changes(self, actor: str, target: str) -> Iterator[Change]:
        record = self.principals[target]
        kind = type(record).__name__
        attach = {"iam:PolicyARN": self._administrator}
        boundary = None if isinstance(record, Group) else record.permissions_boundary
        bounds = {"iam:PermissionsBoundary": boundary.permissions_boundary_arn} if boundary else {}
        yield Change(f"iam:Put{kind}Policy", target, bounds, not bounds)
        yield Change(f"iam:Attach{kind}Policy", target, attach | bounds, not bounds)
        groups = [self.asking.groups_by_name.get(name) for name in getattr(record, "group_list", ())]
        for group in filter(None, groups):
            yield Change("iam:PutGroupPolicy", group.arn, {})
            yield Change("iam:AttachGroupPolicy", group.arn, attach)
        if isinstance(record, Group) and actor == target:  # whoever is in it may do it to itself
            yield Change("iam:PutUserPolicy", self.asking.member(actor), {}, True)
            yield Change("iam:AttachUserPolicy", self.asking.member(actor), attach, True)
        if isinstance(record, User) and actor != target:
            for arn in self.asking.groups:
                if arn in self.certain:
                    yield Change(JOIN, arn, {})
        for holder in (record, *filter(None, groups)):
            for attached in holder.attached_managed_policies:
                if attached.policy_arn.split(":", 5)[4:5] != ["aws"]:
                    yield from self._versions(attached.policy_arn)

    def _versions(self, arn: str) -> Iterator[Change]:
        policy = self._policies.get(arn)
        yield Change(VERSION, arn, {})
        if policy is not None and len(policy.policy_version_list) > 1:
            yield Change(DEFAULT, arn, {}, versions=policy.policy_name)

    def _freed(self, actor: str, target: str) -> Power | None:
        """How a principal gets past the permissions boundary of a target; no action where there is none, or
        where it holds nothing back."""
        record = self.principals[target]
        boundary = None if isinstance(record, Group) else record.permissions_boundary
        if boundary is None:
            return Power((), "")
        layers = self.asking.layers(target)
        unknown = {name: what for name, what in layers.unknown.items() if name == "boundary"}
        everything = PolicySet("identity", [Policy("everything", _ALL)])
        doubt = self._everything(
            layers.replace(identity=everything, scps=(), rcps=(), unknown=unknown), target
        )
        if doubt is not None and doubt.certain:
            return Power((), "")
        kind, arn = type(record).__name__, boundary.permissions_boundary_arn
        ways = [
            Change(f"iam:Delete{kind}PermissionsBoundary", target, {"iam:PermissionsBoundary": arn}),
            Change(
                f"iam:Put{kind}PermissionsBoundary", target, {"iam:PermissionsBoundary": self._administrator}
            ),
        ]
        if arn in self._policies and not self._policies[arn].is_aws_managed:
            ways.append(Change(VERSION, arn, {}))
        possible = Power((), "", doubt) if doubt is not None else None
        for way in ways:
            found = self.asking.may(actor, way.action, way.resource, way.context)
            if found is not None and found.certain:
                return Power((way.action,), "")
            if found is not None and possible is None:
                possible = Power((way.action,), "", found)
        return possible

    def editable(self, actor: str) -> Callable[[str], bool] | None:
        """A quick test: False for principals whose policies an actor certainly cannot change; None where that
        is everybody."""
        mask = self.asking.able(actor)
        tests = {
            action: self.asking.could(actor, action) for action in EDITS if self.asking.has(mask, action)
        }

        def test(target: str) -> bool:
            return any(
                change.action in tests and tests[change.action](change.resource)
                for change in self._changes(actor, target)
            )

        return test if tests else None

    # New principals

    def _makes(self, principal: str, mask: int, kind: str) -> Power | None:
        """Whether a principal may make another without boundary, give it any policy, and act as it."""
        asking = self.asking
        make, gives, further = NEW[kind]
        possible = None
        for give in gives:
            if not asking.has(mask, make) or not asking.has(mask, give, *further):
                continue
            context = {"iam:PolicyARN": self._administrator} if "Attach" in give else {}
            for example in asking.examples(principal, (make, give), f"iam::{{account}}:{kind}/{{name}}"):
                doubt = both(
                    asking.may(principal, make, example, unbounded=True),
                    asking.may(principal, give, example, context, unbounded=True),
                )
                for action in further:
                    doubt = both(doubt, asking.may(principal, action, example))
                if kind == "role" and doubt is not None:
                    doubt = both(doubt, asking.if_trusted(principal, example))
                if doubt is not None:
                    actions = (make, give, *further)
                    power = Power(actions, f"may make a {kind} with any policy ({', '.join(actions)})", doubt)
                    if doubt.certain:
                        return power
                    possible = possible or power
        return possible
