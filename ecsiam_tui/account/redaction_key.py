"""The key of the fingerprints that stand for values of environment variables."""

import os
import secrets
from pathlib import Path

import platformdirs

KEY_BYTES = 32


def load_redaction_key(path: Path | None = None) -> bytes:
    """This machine's key, made at the first use and readable by its owner alone (mode 0600).

    With the same key, equal values have equal fingerprints in snapshots taken at different times. Where it
    cannot be kept, or what is kept is no key, this run gets one of its own, and fingerprints of other runs
    cannot be compared with it.
    """
    where = path or Path(platformdirs.user_state_dir("ecsiam-tui")) / "redaction.key"
    try:
        return _kept(where) or _make(where)
    except OSError:
        return secrets.token_bytes(KEY_BYTES)


def _kept(path: Path) -> bytes | None:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    return key if len(key) == KEY_BYTES else secrets.token_bytes(KEY_BYTES)


def _make(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_bytes(KEY_BYTES)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        os.link(temporary, path)  # fails where another run was quicker; then that one's key counts
    except FileExistsError:
        return _kept(path) or key
    finally:
        temporary.unlink(missing_ok=True)
    return key
