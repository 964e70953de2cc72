"""Escape answers at once in a real terminal."""

import os
import pty
import select
import sys
import time
from pathlib import Path

import pytest

from ecsiam_tui.account.files import save
from tests.tui.helpers import tiny_account


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_explorer_runs_in_a_terminal_and_leaves_with_q(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    save(tiny_account(), path)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80"})
        os.execv(sys.executable, [sys.executable, "-m", "ecsiam_tui", "open", str(path)])
    shown = b""
    sent = 0
    for _ in range(600):
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:
                break
        if sent == 0 and b"cluster" in shown:
            sent = os.write(terminal, b"?")
        elif sent == 1 and b"Keys" in shown:
            sent += os.write(terminal, b"\x1b")
            time.sleep(0.3)
            sent += os.write(terminal, b"q")
    _, status = os.waitpid(pid, 0)
    assert sent == 3
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"Traceback" not in shown
