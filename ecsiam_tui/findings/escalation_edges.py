"""All the ways in which one principal can come to act as another.

Sources: the combinations are those that pathfinding.cloud (ecs-001 to ecs-009, iam-…, lambda-…, ssm-…),
cloudsplaining and prowler list; what each call must be allowed is the Service Authorization Reference's.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property, partial
from typing import NamedTuple

from ecsiam_tui.findings import escalation_ecs as ecs
from ecsiam_tui.findings.escalation_asking import Asking
from ecsiam_tui.findings.escalation_doubt import Doubt, best, both
from ecsiam_tui.findings.escalation_ways import ASSUME, PASS, Roles, Way

CODE, TRUST, JOIN = "lambda:UpdateFunctionCode", "iam:UpdateAssumeRolePolicy", "iam:AddUserToGroup"
SIGN_IN = {
    "iam:CreateAccessKey": "makes an access key of the user",
    "iam:CreateLoginProfile": "gives the user a password",
    "iam:UpdateLoginProfile": "changes the user's password",
}


class Compute(NamedTuple):
    """A service other than ECS that runs what one gives it with a role that one passes. `ways` are the
    actions that do it, all on a resource of one `kind`."""

    service: str
    ways: tuple[tuple[str, ...], ...]
    kind: str
    how: str


COMPUTE = (
    Compute(
        "lambda.amazonaws.com",
        (
            ("lambda:CreateFunction", "lambda:InvokeFunction"),
            ("lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
            ("lambda:CreateFunction", "lambda:AddPermission"),
        ),
        "lambda:{region}:{account}:function:{name}",
        "makes a Lambda function with the role and has it run",
    ),
    Compute(
        "ec2.amazonaws.com",
        (("ec2:RunInstances",),),
        "ec2:{region}:{account}:instance/{name}",
        "starts an EC2 instance with the role",
    ),
    Compute(
        "cloudformation.amazonaws.com",
        (("cloudformation:CreateStack",),),
        "cloudformation:{region}:{account}:stack/{name}/1",
        "has CloudFormation make a stack with the role",
    ),
    Compute(
        "glue.amazonaws.com",
        (("glue:CreateJob", "glue:StartJobRun"),),
        "glue:{region}:{account}:job/{name}",
        "makes a Glue job with the role and runs it",
    ),
    Compute(
        "codebuild.amazonaws.com",
        (("codebuild:CreateProject", "codebuild:StartBuild"),),
        "codebuild:{region}:{account}:project/{name}",
        "makes a CodeBuild project with the role and builds it",
    ),
    Compute(
        "states.amazonaws.com",
        (("states:CreateStateMachine", "states:StartExecution"),),
        "states:{region}:{account}:stateMachine:{name}",
        "makes a state machine with the role and starts it",
    ),
    Compute(
        "events.amazonaws.com",
        (("events:PutRule", "events:PutTargets"),),
        "events:{region}:{account}:rule/{name}",
        "makes an EventBridge rule that calls its targets with the role",
    ),
    Compute(
        "scheduler.amazonaws.com",
        (("scheduler:CreateSchedule",),),
        "scheduler:{region}:{account}:schedule/default/{name}",
        "makes a schedule that calls AWS with the role",
    ),
)

ACTIONS = (
    *(PASS, ASSUME, CODE, TRUST, JOIN, *SIGN_IN, *ecs.ACTIONS),
    *dict.fromkeys(action for other in COMPUTE for way in other.ways for action in way),
)
"""All that has a part in a way."""


class Ways:
    """The ways of each principal of an account."""

    def __init__(self, asking: Asking) -> None:
        self.asking, self.snapshot = asking, asking.snapshot
        self.roles = Roles(asking)
        self._ecs = ecs.EcsWays(asking, self.roles)
        self._known: dict[str, tuple[Way, ...]] = {}

    def of(self, principal: str) -> tuple[Way, ...]:
        """Every way that a principal has; whether a target can be reached by it is its `check`'s to say."""
        if principal not in self._known:
            self._known[principal] = tuple(self._all(principal, self.asking.able(principal)))
        return self._known[principal]

    def _all(self, principal: str, mask: int) -> Iterator[Way]:
        yield from self.roles.assuming(principal, mask)
        if mask:
            yield from self._ecs.of(principal, mask)
            yield from self._compute(principal, mask)
            yield from self._functions(principal, mask)
            yield from self._identities(principal, mask)

    def _compute(self, principal: str, mask: int) -> Iterator[Way]:
        asking = self.asking
        for other in COMPUTE:
            roles = self.roles.trusting.services.get(other.service, frozenset())
            if other.service.startswith("ec2."):  # an instance takes a profile, not a role
                roles &= self._in_profiles
            for actions in other.ways if roles else ():
                if not asking.has(mask, PASS, *actions):
                    continue
                examples = asking.examples(principal, actions, other.kind)
                doubt = best(asking.all(principal, actions, example) for example in examples)
                if doubt is not None:
                    yield self.roles.passing(principal, other.service, actions, other.how, doubt, roles)
                    break

    @cached_property
    def _in_profiles(self) -> frozenset[str]:
        return frozenset(role for found in self.snapshot.instance_profiles for role in found.role_arns)

    @cached_property
    def _by_function_role(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for function in self.snapshot.functions:
            if function.role in self.roles.by_arn:
                found[function.role].append(function.function_arn)
        return found

    def _functions(self, principal: str, mask: int) -> Iterator[Way]:
        if self.asking.has(mask, CODE):

            def check(role: str) -> Doubt | None:
                return best(self.asking.may(principal, CODE, arn) for arn in self._by_function_role[role])

            yield Way((CODE,), "changes the code of a function with the role", self._by_function_role, check)

    @cached_property
    def _users(self) -> frozenset[str]:
        return frozenset(user.arn for user in self.snapshot.users)

    def _identities(self, principal: str, mask: int) -> Iterator[Way]:
        """Credentials of users, membership of groups, the trust policies of roles."""
        asking = self.asking
        for action, how in SIGN_IN.items():
            if asking.has(mask, action):
                check, could = partial(asking.may, principal, action), asking.could(principal, action)
                yield Way((action,), how, self._users, check, could)
        if asking.has(mask, JOIN) and principal not in self.roles.by_arn:
            check, could = partial(asking.may, principal, JOIN), asking.could(principal, JOIN)
            yield Way((JOIN,), "joins the group", asking.groups, check, could)
        if asking.has(mask, TRUST):

            def trusted(role: str) -> Doubt | None:
                edits = asking.may(principal, TRUST, role)
                return both(edits, asking.if_trusted(principal, role) if edits is not None else None)

            how = "changes the role's trust policy and assumes it"
            could = asking.could(principal, TRUST)
            yield Way((TRUST, ASSUME), how, self.roles.by_arn, trusted, could)
