"""Whether a plan can be applied to an account as it is: told before the first call."""

from typing import Any, NamedTuple

import msgspec

from ecsiam_tui.account.snapshot import Snapshot
from ecsiam_tui.changes import change as c
from ecsiam_tui.changes.applying_plan import drifted, wanted_by
from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.calls import calls
from ecsiam_tui.changes.effects import Level, Risk, risk
from ecsiam_tui.changes.going_back import projected
from ecsiam_tui.changes.limits import Problem, check
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.needed import check_applier
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.rendering.documents import Document, documents
from ecsiam_tui.changes.targets import place
from ecsiam_tui.changes.verifying import Difference
from ecsiam_tui.ecs.needs import Needs
from ecsiam_tui.ecs.requirement import Judged
from ecsiam_tui.ecs.surroundings import Surroundings
from ecsiam_tui.graph import Estate, build
from ecsiam_tui.policy.account import AccountPolicies


class Looked(NamedTuple):
    """A change as it was looked at: its calls and its risk, or why it does not fit."""

    change: c.AnyChange
    calls: tuple[Call, ...] = ()
    risk: Risk = Risk(Level.LOW)
    misfit: str = ""


class Ready(NamedTuple):
    """What stands between a plan and an account.

    `drift` is what is not as it was when the plan was made; `problems` what AWS would refuse or what would
    not work; `needs` what whoever is signed in needs of permissions, answered.
    """

    looked: tuple[Looked, ...]
    documents: tuple[Document, ...]
    drift: tuple[Difference, ...]
    problems: tuple[Problem, ...]
    needs: tuple[Judged, ...]

    @property
    def lacking(self) -> tuple[Judged, ...]:
        """What whoever is signed in surely is not allowed."""
        return tuple(
            one for one in self.needs if one.status == "missing" and one.requirement.necessity == "required"
        )

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems for which nothing should be sent."""
        return tuple(one for one in self.problems if one.severity == "error")

    @property
    def fits(self) -> bool:
        """Whether the plan can be applied."""
        misfits = any(one.misfit for one in self.looked)
        return not (self.drift or self.errors or self.lacking or misfits)

    @property
    def is_risky(self) -> bool:
        """Whether one of the changes is of high risk."""
        return any(one.risk.level is Level.HIGH for one in self.looked)


def look(plan: Plan, snapshot: Snapshot) -> Ready:
    """Look at a plan in an account."""
    later, looked = _looked(plan, snapshot, build(snapshot))
    return Ready(
        looked,
        documents(snapshot, later),
        drifted(plan.before, snapshot, wanted_by(plan, snapshot)),
        check(plan, snapshot),
        _needs(plan, snapshot),
    )


def look_alone(plan: Plan) -> Ready:
    """Look at a plan without an account: what it says of itself."""
    data: dict[str, Any] = {}
    for target, record in plan.before.items():
        field = place(target)
        if record is not None and field is not None:
            data.setdefault(field, []).append(record)
    camel = dict(zip(Snapshot.__struct_fields__, Snapshot.__struct_encode_fields__, strict=True))
    known = msgspec.to_builtins(Snapshot(account_id=plan.account, taken_at=plan.made_from))
    try:
        snapshot = msgspec.convert(
            known | {camel[field]: records for field, records in data.items()}, Snapshot, strict=False
        )
    except msgspec.ValidationError as error:
        raise ChangeError(
            f"what the plan says of how things were is not what AWS says of them: {error}"
        ) from error
    later, looked = _looked(plan, snapshot, None)
    return Ready(looked, documents(snapshot, later), (), (), ())


def _looked(plan: Plan, snapshot: Snapshot, estate: Estate | None) -> tuple[Snapshot, tuple[Looked, ...]]:
    """The account afterwards, as far as the changes fit, and the changes. Without a graph only the plan
    itself is known, and what does not fit may fit the account."""
    looked: list[Looked] = []
    for change in plan.changes:
        made: tuple[Call, ...] = ()
        try:
            made = calls(change, snapshot)
            grade = risk(change, snapshot, estate)
            snapshot = projected(change, snapshot)
        except ChangeError as error:
            looked.append(Looked(change, made, misfit="" if made and estate is None else str(error)))
        else:
            looked.append(Looked(change, made, grade))
    return snapshot, tuple(looked)


def _needs(plan: Plan, snapshot: Snapshot) -> tuple[Judged, ...]:
    """What is needed, where all changes fit."""
    caller = snapshot.caller.arn if snapshot.caller else ""
    try:
        return check_applier(plan, snapshot, Needs(AccountPolicies(snapshot), Surroundings(snapshot)), caller)
    except ChangeError:
        return ()
