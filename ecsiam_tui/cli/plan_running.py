"""What the commands that apply plans share: files, what has to be allowed and confirmed, how it is told."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from ecsiam_tui.account.text import visible
from ecsiam_tui.cli.ask.checks import wrong_call
from ecsiam_tui.cli.ask.common import write_json
from ecsiam_tui.cli.errors import CommandError
from ecsiam_tui.cli.options import Where
from ecsiam_tui.cli.output import write

if TYPE_CHECKING:
    from ecsiam_tui.account.snapshot import Snapshot
    from ecsiam_tui.changes.applying_plan import Applying, Event, Outcome
    from ecsiam_tui.changes.journal import Journals
    from ecsiam_tui.changes.plan import Plan
    from ecsiam_tui.changes.ready import Ready

T = TypeVar("T")

NOT_PROVEN = 3
"""Exit code: all calls are made, but a deployment is not proven yet."""


def read_plan(file: Path) -> Plan:
    """A plan file. Raises CommandError."""
    from ecsiam_tui.changes.plan import PlanError, from_json

    try:
        return from_json(file.read_bytes(), str(file))
    except OSError as error:
        raise CommandError(f"{file}: cannot be read: {error.strerror}") from error
    except PlanError as error:
        raise CommandError(str(error)) from error


def print_plan(plan: Plan, ready: Ready, name: str, *, as_json: bool = False) -> None:
    """Show a plan."""
    from ecsiam_tui.cli.plan_output import plan_data, shown

    if as_json:
        write_json(plan_data(plan, ready))
    else:
        write("\n".join(visible(line) for line in shown(plan, ready, name)))


def check_account(plan: Plan, account: str) -> None:
    """Raises CommandError where a plan is for another account."""
    if plan.account != account:
        raise CommandError(
            f"the plan is for account {plan.account}, and this is {account}: choose another profile or plan"
        )


def may_write(of: str, allow_writes: bool, yes: bool, account: str | None) -> None:
    """Raises where the options do not allow it."""
    if not allow_writes:
        raise CommandError(
            "nothing is changed without --allow-writes; `plan check` tells whether it would go"
        )
    if account is not None and account != of:
        raise wrong_call(f"--account {account} is not the account of the plan, {of}: nothing was changed")
    if yes and account is None:
        raise wrong_call(f"--yes needs --account with the id of the account that is meant: --account {of}")
    if not yes and not sys.stdin.isatty():
        raise CommandError(f"there is no terminal to ask at: give --yes --account {of}")


def applier(where: Where, account: str, wait: int) -> tuple[Applying, Snapshot]:
    """Who applies, and the account as it is."""
    from ecsiam_tui.changes.applying_plan import Applying
    from ecsiam_tui.changes.journal import Journals
    from ecsiam_tui.changes.sending import Writable
    from ecsiam_tui.cli.progress import Silent, TerminalWatcher

    source = where.source()
    with TerminalWatcher() as watcher:
        found = source.load(watcher).snapshot
    if found.account_id != account:
        raise CommandError(
            f"the plan is for account {account}, and these are credentials of {found.account_id}: choose"
            " another profile or plan"
        )
    if not isinstance(source, Writable):
        raise CommandError(f"{source.label} cannot be changed")
    journals = or_say(lambda: Journals(source.journal_folder, account))
    applying = Applying(
        source, source.sender(), journals, Silent(), told=_tell, stop=_Stop.asked, watch_for=wait
    )
    return applying, found


def preview(plan: Plan, found: Snapshot, name: str) -> None:
    """Show the plan; raises where it is known beforehand that it will not go. What others changed meanwhile
    is told by the apply itself."""
    from ecsiam_tui.changes.ready import look

    ready = look(plan, found)
    print_plan(plan, ready, name)
    if ready.drift:
        return
    if ready.errors:
        raise CommandError(f"AWS would refuse it, and nothing was changed: {ready.errors[0].message}")
    if ready.lacking:
        lacking = ", ".join(
            f"{one.requirement.action} on {one.requirement.resource}" for one in ready.lacking
        )
        who = found.caller.arn if found.caller else "you"
        raise CommandError(f"{who} may not {lacking}; nothing was changed")


def confirm(account: str, found: Snapshot, yes: bool) -> None:
    """Have the account's id or alias typed. Raises CommandError where it is not."""
    if yes:
        return
    names = [account, *filter(None, [found.account_alias])]
    print(
        f"\ntype the account's id or alias ({' or '.join(names)}) to apply: ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    if sys.stdin.readline().strip() not in names:
        raise CommandError("that is not the account; nothing was changed")


def _tell(event: Event) -> None:
    from ecsiam_tui.cli.plan_output import event_line

    if line := event_line(event):
        print(visible(line), file=sys.stderr, flush=True)


class _Stop:
    """Ctrl-C: the first ends the apply between two calls, the second at once."""

    wanted = False

    @classmethod
    def asked(cls) -> bool:
        """Whether somebody wants it to stop."""
        return cls.wanted

    @classmethod
    @contextmanager
    def heard(cls) -> Iterator[None]:
        """Ctrl-C is heard inside."""

        def hear(*_: Any) -> None:
            if cls.wanted:
                raise KeyboardInterrupt
            cls.wanted = True
            print("\nstopping after this call; Ctrl-C again stops at once", file=sys.stderr, flush=True)

        cls.wanted = False
        before = signal.signal(signal.SIGINT, hear)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def or_say(do: Callable[[], T]) -> T:
    """Do it; what is known to go wrong is said in one line."""
    from ecsiam_tui.changes.applying_plan import ApplyError
    from ecsiam_tui.changes.journal import JournalError
    from ecsiam_tui.changes.looking import ChangeError

    try:
        return do()
    except (ApplyError, JournalError, ChangeError) as error:
        raise CommandError(str(error)) from error


def run(do: Callable[[], Outcome]) -> None:
    """Apply, say how it ended, and end with its exit code."""
    from ecsiam_tui.changes.sending import OVER
    from ecsiam_tui.cli.plan_output import outcome_lines

    with _Stop.heard():
        outcome = or_say(do)
    write("\n".join(visible(line) for line in outcome_lines(outcome)))
    if outcome.is_proven:
        return
    waits = outcome.state == "done" and not outcome.unlike
    waits = waits and all(one.is_proven or one.state not in OVER for one in outcome.rollouts)
    raise typer.Exit(NOT_PROVEN if waits else 1)


def all_journals(endpoint_url: str | None) -> list[Journals]:
    """The journals of every account, as far as there are any. Raises CommandError."""
    from ecsiam_tui.changes.journal import Journals, state_folder

    folder = state_folder(endpoint_url)
    try:
        return [Journals(folder, path.name) for path in sorted(folder.glob("[0-9]*")) if path.is_dir()]
    except OSError as error:
        raise CommandError(f"{folder}: cannot be read: {error.strerror}") from error


def find_journal(where: Where, what: str, *, interrupted: bool = True) -> tuple[Journals, str]:
    """The journal that is meant: by its name, or that of a plan file; without a name the one that was
    interrupted."""
    wanted = read_plan(Path(what)) if what and not interrupted and Path(what).is_file() else None
    found = []
    for journals in all_journals(where.endpoint_url):
        for record in journals.unfinished() if interrupted else journals.all():
            if wanted is not None:
                if record.header.plan == wanted:
                    found.append((journals, record))
            elif record.id.startswith(what):
                found.append((journals, record))
    if wanted is not None:
        found = found[:1]  # the newest
    if len(found) != 1:
        kind = "interrupted apply" if interrupted else "apply"
        said = f"no {kind}" if not found else f"{len(found)} of them"
        raise CommandError(f"{said}{f' is called {what}' if what else ''}; ecsiam-tui history lists them")
    return found[0][0], found[0][1].id


def interrupted_one(
    where: Where, journal: str, allow_writes: bool, yes: bool, account: str | None, wait: int
) -> tuple[str, Applying]:
    """An interrupted apply, and who goes on with it, once that is allowed and confirmed."""
    journals, record = find_journal(where, journal)
    of = journals.read(record).header.account
    may_write(of, allow_writes, yes, account)
    applying, found = applier(where, of, wait)
    confirm(of, found, yes)
    return record, applying
