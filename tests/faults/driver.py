"""The program under test, in processes of its own: started once, forked for each job, killed where it says.

Reads jobs (JSON lines) from standard input; answers two lines for each: the process that does it, and what
became of it. Importing takes a second, forking a millisecond.
"""

import gc
import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import ecsiam_tui.aws.collect as collecting
from ecsiam_tui.account.redact import Redactor
from ecsiam_tui.account.source import Loaded, Source
from ecsiam_tui.aws.execute import Executor
from ecsiam_tui.aws.session import AwsSession, Target, make_session
from ecsiam_tui.changes.applying_plan import ApplyError, Applying
from ecsiam_tui.changes.journal import Journal, JournalError, Journals
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.plan import from_json
from tests.faults.small import ACCOUNT, KEY, REGION, STAGES, collected
from tests.quiet import Quiet

collecting.STAGES = STAGES


class Live:
    """The account behind the endpoint as a source, with one session, so that clients are made once."""

    kind, label = "live", "endpoint"

    def __init__(self, session: AwsSession) -> None:
        self.session = session

    def load(self, watcher: Any) -> Loaded:
        return collecting.collect(self.session, watcher, Redactor(KEY))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Collected(Live):
    """The demo account, collected where it is."""

    def load(self, watcher: Any) -> Loaded:
        return Loaded(collected(self.session.target.endpoint_url or ""), {})


class Sender(Executor):
    """Waits no second, and is killed before the call that the job names."""

    kill_before = -1
    sent = 0

    def send(self, *given: Any) -> Any:
        if self.sent == self.kill_before:
            die()
        type(self).sent += 1
        return super().send(*given)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


def killed_at_lines(what: str, number: int) -> None:
    """Be killed before the line of a journal that is the `number`th of its kind."""
    write, seen = Journal.write, [0]

    def counted(self: Journal, kind: Any, **fields: Any) -> None:
        if kind in (what, {"done": "already", "verified": "unlike"}.get(what)):
            if seen[0] == number:
                die()
            seen[0] += 1
        write(self, kind, **fields)

    Journal.write = counted  # type: ignore[method-assign]


def work(reading: AwsSession, session: AwsSession, job: dict[str, Any]) -> dict[str, Any]:
    """Do a job: `do` is what is asked of `Applying`."""
    kind = Collected if job["account"] == "demo" else Live
    source: Source = kind(reading)  # type: ignore[assignment]
    what, number = job.get("kill", ("", -1))
    Sender.kill_before = number if what == "send" else -1
    if what and what != "send":
        killed_at_lines(what, number)
    if "most_bytes" in job:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["most_bytes"], job["most_bytes"]))
    sender = Sender(session, sleep=lambda _: None, patience=job.get("patience", 30.0))
    journals = Journals(Path(job["folder"]), ACCOUNT)
    applying = Applying(source, sender, journals, Quiet(), watch_for=0)
    try:
        if job["do"] == "start":
            outcome = applying.start(from_json(Path(job["plan"]).read_bytes()))
        elif job["do"] == "undo":
            (last, *_) = journals.all()
            undo = applying.plan_undo(last.id, source.load(Quiet()).snapshot)
            outcome = applying.start(undo, "undo", last.id)
        else:
            (record,) = journals.unfinished()
            outcome = getattr(applying, job["do"])(record.id)
    except (ApplyError, JournalError, ChangeError) as error:
        return {"state": type(error).__name__, "message": str(error)}
    return {
        "state": outcome.state,
        "message": outcome.message,
        "unlike": list(outcome.unlike),
        "calls": outcome.calls,
        "drift": [one.path for one in outcome.drift],
        "journal": outcome.journal,
    }


def say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def serve(url: str, proxy: str) -> None:
    """Reads go straight to `url`; what changes something, and what looks whether it did, goes through
    `proxy`."""
    reading = make_session(Target(regions=(REGION,), endpoint_url=url))
    session = make_session(Target(regions=(REGION,), endpoint_url=proxy))
    session.write_timeout = 1.0
    for name in ("iam", "ecs", "sts", "logs", "kms", "ecr", "scheduler"):
        reading.client(name)
        session.client(name)
        session.client(name, once=True)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        job = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            code = 1
            try:
                with os.fdopen(writer, "w") as out:
                    json.dump(work(reading, session, job), out, default=str)
                code = 0
            finally:
                os._exit(code)
        os.close(writer)
        say({"pid": child})
        with os.fdopen(reader) as answer:
            text = answer.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        failed = not killed and os.waitstatus_to_exitcode(status) != 0
        say({"killed": killed, "failed": failed, "result": text})


if __name__ == "__main__":
    serve(*sys.argv[1:])
