"""Whether an account gives what is required: every requirement is a question to the policy engine."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from ecsiam_tui.account.arns import parse_arn
from ecsiam_tui.ecs.requirement import Judged, Requirement, Status
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.policy.account import AccountPolicies
from ecsiam_tui.policy.evaluation import Decision, evaluate

_Question = tuple[str, str, str, tuple[tuple[str, str], ...]]

NEVER_SENT = frozenset(
    {
        "sts:externalid",
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:principalorgid",
        "aws:principaltag/",
    }
)
"""Keys that a service does not send when it assumes a role: a condition on them never matches."""

KIND_WORDS = {
    "task-execution": "task execution role",
    "task": "task role",
    "container-instance": "container instance role",
    "infrastructure": "infrastructure role",
    "lifecycle-hook": "lifecycle hook role",
    "events": "EventBridge role",
    "scheduler": "EventBridge Scheduler role",
    "state-machine": "Step Functions role",
    "code-deploy": "CodeDeploy role",
    "anywhere": "ECS Anywhere role",
    "service": "service role",
    "deployer": "deployer",
}
"""Role kinds as people call them."""


class Answer(NamedTuple):
    """What the engine says to one question, in the words of requirements."""

    status: Status
    note: str
    decision: Decision | None


class Judge:
    """Answers requirements for one account; the same question is asked once.

    `answers` are kept by question. `now` of a question is when the snapshot was taken, so that the same
    snapshot gives the same answers.
    """

    def __init__(self, account: AccountPolicies, around: Surroundings) -> None:
        self.account = account
        self.around = around
        self.answers: dict[_Question, Answer] = {}
        self._roles_known = around.snapshot.is_known("roles")

    def judge(self, requirement: Requirement) -> Judged:
        """One requirement, answered."""
        word = KIND_WORDS[requirement.role_kind]
        if not requirement.principal:
            if requirement.role_kind == "container-instance":
                return Judged(requirement, "unknown", "no container instance of the cluster was seen")
            if requirement.role_kind == "infrastructure":
                return Judged(requirement, "unknown", "whoever launches the task names the role")
            return Judged(requirement, "missing", f"no {word} is given")
        answer = self.ask(
            requirement.principal, requirement.action, requirement.resource, requirement.context
        )
        for other in requirement.others if answer.status == "missing" else ():
            stand_in = self.ask(other, requirement.action, requirement.resource, requirement.context)
            if stand_in.status == "met":
                note = f"the {word} lacks it, the container instance role {_name(other)} has it"
                return Judged(requirement, "depends", note, answer.decision)
        return Judged(requirement, answer.status, answer.note, answer.decision)

    def all(self, requirements: Iterable[Requirement]) -> tuple[Judged, ...]:
        """Many requirements, answered."""
        return tuple(self.judge(requirement) for requirement in requirements)

    def ask(self, principal: str, action: str, resource: str, context: dict[str, str]) -> Answer:
        """One question of the account, in the words of requirements."""
        question = (principal, action, resource, tuple(context.items()))
        known = self.answers.get(question)
        if known is None:
            known = self.answers[question] = self._ask(principal, action, resource, context)
        return known

    def _ask(self, principal: str, action: str, resource: str, context: dict[str, str]) -> Answer:
        is_trust = action == "sts:AssumeRole" and not principal.startswith("arn:")
        role = resource if is_trust else principal
        if is_trust or ":role/" in role:
            absent = self._absent(role)
            if absent is not None:
                return absent
        decision = self._decide(principal, action, resource, context, trust=is_trust)
        if decision.allowed:
            return Answer("met", "", decision)
        if decision.outcome == "Depends":
            unread = decision.layers.unknown.values()
            keys = [key for key in decision.missing_context if key not in unread]
            if keys:
                return Answer("depends", f"depends on {', '.join(keys)}", decision)
            return Answer("unknown", "; ".join(unread) or "not everything that decides was read", decision)
        if decision.blocked_by == ("resource",) and not is_trust and not self._resource_is_read(resource):
            return Answer("unknown", f"the policy of {_name(resource)} was not read", decision)
        return Answer("missing", _reason(decision), decision)

    def _absent(self, role: str) -> Answer | None:
        """What is to be said of a role that the snapshot does not have."""
        if role in self.around.roles:
            return None
        parsed = parse_arn(role)
        if parsed is not None and parsed.account != self.around.snapshot.account_id:
            return Answer("unknown", f"role {_name(role)} belongs to account {parsed.account}", None)
        if self._roles_known:
            return Answer("missing", f"role {_name(role)} does not exist", None)
        return Answer("unknown", f"role {_name(role)} was not read", None)

    def _decide(
        self, principal: str, action: str, resource: str, context: dict[str, str], *, trust: bool
    ) -> Decision:
        account = self.account
        resource = account.authorized_resource(action, resource)
        request = account.request(principal, action, resource, context, now=self.around.snapshot.taken_at)
        if trust:
            request = msgspec.structs.replace(request, absent=request.absent | NEVER_SENT)
        return evaluate(account.layers(principal, action, resource), request)

    def _resource_is_read(self, resource: str) -> bool:
        """Whether the resource's own policy is known: nothing is known of another account's resources, nor of
        a key that was not read."""
        parsed = parse_arn(resource)
        if parsed is None:
            return True
        own = parsed.account in ("", self.around.snapshot.account_id)
        return own and (parsed.service != "kms" or resource in self.around.keys)


LAYER_WORDS = {
    "identity": "no policy of the role allows it",
    "resource": "the resource's own policy does not allow it",
    "boundary": "the permissions boundary does not allow it",
    "scp": "a service control policy does not allow it",
    "rcp": "a resource control policy does not allow it",
}


def _reason(decision: Decision) -> str:
    layer = decision.layer
    if decision.outcome == "ExplicitlyDenied":
        words = {"scp": "service control policy", "rcp": "resource control policy", "identity": "policy"}
        return f"denied by a {words.get(layer, layer)}"
    if decision.request.action == "sts:AssumeRole":
        return f"its trust policy does not let {decision.request.principal} in"
    return LAYER_WORDS.get(layer, f"not allowed by {layer}")


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
