"""The staged plan of the app: what it is, what comes of it, and which side of it is shown.

Plans are changed and judged in threads of their own. Every judging has a number; what comes late is dropped.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
from textual.message import Message

from ecsiam_tui.account.collector import collector_paused
from ecsiam_tui.changes import plan as plans
from ecsiam_tui.changes.change import AnyChange
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import Plan
from ecsiam_tui.changes.ready import Ready, look
from ecsiam_tui.changes.targets import drift, states
from ecsiam_tui.tui.marks import Compared
from ecsiam_tui.workspace import Effect, Workspace, effect

if TYPE_CHECKING:
    from ecsiam_tui.tui.planning import PlanningApp

View = Literal["now", "after", "difference"]
VIEWS: tuple[View, ...] = ("now", "after", "difference")


class Staged(NamedTuple):
    """The plan (None while nothing is staged), and what came of it: None while that is being worked out, or
    where `error` says why the plan does not fit the account any more. `ready` is what stands in its way."""

    plan: Plan | None = None
    compared: Compared | None = None
    effect: Effect | None = None
    ready: Ready | None = None
    error: str = ""
    working: bool = False
    view: View = "now"

    @property
    def size(self) -> int:
        """How many changes there are."""
        return len(self.plan) if self.plan is not None else 0

    @property
    def shown(self) -> View:
        """The side that can be shown."""
        return self.view if self.compared is not None else "now"


class PlanWorked(Message):
    """What comes of a plan is known."""

    def __init__(self, generation: int, staged: Staged) -> None:
        self.generation, self.staged = generation, staged
        super().__init__()


class Staging:
    """Changes the app's `staged`."""

    def __init__(self, app: "PlanningApp") -> None:
        self._app = app
        self._generation = 0
        self._lock = asyncio.Lock()

    # Changing the plan; each gives an error text, empty where it went well

    async def stage(self, changes: Iterable[AnyChange]) -> str:
        """Put changes at the end of the plan: all of them, or none."""

        def staged(plan: Plan, now: Workspace) -> Plan:
            for change in changes:
                plan = plans.stage(plan, change, now.snapshot)
            return plan

        return await self._change(staged)

    async def unstage(self, index: int) -> str:
        """Take a change out of the plan."""
        return await self._change(lambda plan, now: plans.unstage(plan, index, now.snapshot))

    async def move(self, index: int, step: int) -> str:
        """Move a change up (-1) or down (1)."""
        return await self._change(lambda plan, now: plans.move(plan, index, step, now.snapshot))

    async def replace(self, plan: Plan) -> str:
        """Take another plan, from a file, in the place of this one."""
        return await self._change(lambda _, now: _rebased(plan, now))

    async def clear(self) -> str:
        """Forget the plan."""
        return await self._change(lambda _, now: plans.make(now.snapshot))

    async def _change(self, make: Callable[[Plan, Workspace], Plan]) -> str:
        async with self._lock:
            now, staged = self._app.workspace, self._app.staged
            if now is None:
                return "nothing is read yet; wait a moment"
            before = staged.plan or Plan(now.snapshot.account_id, now.snapshot.taken_at)
            try:
                plan = await asyncio.to_thread(make, before, now)
            except ChangeError as error:
                return str(error)
            if plan != before or staged.error:
                self._put(plan)
            return ""

    def _put(self, plan: Plan) -> None:
        self._generation += 1
        if not plan.changes:
            self._app.staged = Staged()
            return
        self._app.staged = self._app.staged._replace(plan=plan, working=True, error="")
        self._work()

    # What comes of it

    def ground_moved(self) -> None:
        """The account is being read anew: what came of the plan is not known until that is judged."""
        self._generation += 1
        if self._app.staged.plan is not None:
            self._app.staged = self._app.staged._replace(compared=None, effect=None, ready=None, working=True)

    def follow(self) -> None:
        """The account was read again and is judged: the plan is seen against what it is now."""
        now, plan = self._app.workspace, self._app.staged.plan
        if now is None or plan is None:
            return
        self._generation += 1
        if plan.account != now.snapshot.account_id:
            text = f"the plan is for account {plan.account}; w writes it to a file"
            self._app.staged = Staged(plan, error=text, view=self._app.staged.view)
            return
        moved = drift(plan.before, states(plan.before, now.snapshot))
        if moved:
            count = f"{len(moved)} of its targets"
            self._app.notify(
                f"Somebody changed {count} since the plan was made; look at its diff again.",
                title="plan",
                severity="warning",
            )
        self._app.staged = self._app.staged._replace(working=True, error="")
        self._work()

    def _work(self) -> None:
        now, plan = self._app.workspace, self._app.staged.plan
        if now is None or plan is None or not now.is_judged:
            return  # `follow` comes when it is judged
        run = partial(self._judge, self._generation, now, plan)
        self._app.run_worker(run, thread=True, group="plan", exit_on_error=False)

    def _judge(self, generation: int, now: Workspace, plan: Plan) -> None:
        if generation != self._generation:
            return
        try:
            with collector_paused():
                plan = _rebased(plan, now)
                then = now.planned(plan).prepare().judge()
                compared = Compared(now, then).prepare()
                staged = Staged(plan, compared, effect(now, then), look(plan, now.snapshot))
        except ChangeError as error:
            staged = Staged(plan, error=f"the plan does not fit any more: {error}")
        self._app.post_message(PlanWorked(generation, staged))

    def arrived(self, event: PlanWorked) -> bool:
        """Take what came of the plan, unless the plan is another by now; False then."""
        if event.generation != self._generation:
            return False
        self._app.staged = event.staged._replace(view=self._app.staged.view)
        return True

    def toggle(self) -> None:
        """Show the next of now, after, difference."""
        staged = self._app.staged
        self._app.staged = staged._replace(view=VIEWS[(VIEWS.index(staged.view) + 1) % len(VIEWS)])


def _rebased(plan: Plan, now: Workspace) -> Plan:
    """The plan as made from the account as it is now. Raises ChangeError where it does not fit."""
    if plan.account != now.snapshot.account_id:
        raise ChangeError(f"the plan is for account {plan.account}, this is {now.snapshot.account_id}")
    plans.after(plan, now.snapshot)
    before = states(plan.before, now.snapshot)
    return msgspec.structs.replace(plan, made_from=now.snapshot.taken_at, before=before)
