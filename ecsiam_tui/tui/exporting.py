"""Writing what is shown to a file, and opening it in an editor. Values are redacted: see `account.redact`."""

import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

SUFFIXES = {"json": ".json", "markdown": ".md", "svg": ".svg"}


def file_name(title: str, form: str) -> str:
    """A safe name for an export of something called `title`."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", title).strip("-.") or "view"
    return f"ecsiam-{stem[:80]}{SUFFIXES[form]}"


def free_path(path: Path) -> Path:
    """`path`, or with a number if something is there: an export never replaces a file."""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_stem(f"{path.stem}-{number}")
    return candidate


def write_private(path: Path, text: str) -> None:
    """Write a new file that its owner alone can read. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def editor_command() -> list[str]:
    """The person's editor: $VISUAL, $EDITOR, else vi."""
    return shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")


def view_in_editor(title: str, text: str) -> int:
    """Open a copy of `text` in the editor; the copy is read-only and gone afterwards. The editor's exit code.

    Raises OSError where the editor cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="ecsiam-") as folder:
        path = Path(folder) / file_name(title, "json")
        write_private(path, text)
        path.chmod(0o400)
        return subprocess.run([*editor_command(), str(path)], check=False).returncode  # noqa: S603


def edit_in_editor(title: str, text: str) -> str:
    """Let somebody edit a text in the editor, and give back what it is then. The file is gone afterwards.

    Raises OSError where the editor cannot be started or leaves no text, UnicodeError where it is not UTF-8.
    """
    with tempfile.TemporaryDirectory(prefix="ecsiam-") as folder:
        path = Path(folder) / file_name(title, "json")
        write_private(path, text)
        subprocess.run([*editor_command(), str(path)], check=False)  # noqa: S603
        return path.read_text(encoding="utf-8")
