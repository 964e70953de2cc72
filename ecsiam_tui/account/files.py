"""Snapshot files: JSON, by the suffix of the name also compressed with gzip or zstd.

Files are written whole or not at all, readable by their owner alone.
"""

import gzip
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import zstandard

from ecsiam_tui.account.snapshot import DECODER, Snapshot

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
GZIP_MAGIC = b"\x1f\x8b"

SCHEMA_VERSION = 1
"""Raised when a file written before could be misread. Fields with defaults may come without raising it."""

Upgrade = Callable[[dict[str, object]], dict[str, object]]
UPGRADES: dict[int, Upgrade] = {
    # 0 was written before `schemaVersion` existed and called the time `collectedAt`.
    0: lambda old: {"takenAt": old.get("collectedAt"), **old, "schemaVersion": 1},
}
"""For each older schema version, the step to the next one; works on the decoded JSON."""


class SnapshotFileError(Exception):
    """A snapshot file cannot be used. The message is one line for a person."""


class _Head(msgspec.Struct, rename="camel"):
    schema_version: int = 0


def encode(snapshot: Snapshot) -> bytes:
    """The JSON text of a snapshot; the schema version always stands first in it."""
    body = msgspec.json.encode(snapshot)
    return b'{"schemaVersion":%d,' % SCHEMA_VERSION + body[1:]


def save(snapshot: Snapshot, path: Path) -> None:
    """Write a snapshot to `path`, mode 0600: `.zst` compresses with zstd, `.gz` with gzip.

    Raises SnapshotFileError where the file cannot be written; what stood there before is kept then.
    """
    data = encode(snapshot)
    if path.suffix == ".zst":
        data = zstandard.ZstdCompressor(level=6).compress(data)
    elif path.suffix == ".gz":
        data = gzip.compress(data, compresslevel=6, mtime=0)
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SnapshotFileError(f"{path}: cannot be written: {error.strerror or error}") from error


def load(path: Path) -> Snapshot:
    """Read a snapshot from `path`; the content, not the name, tells how it is compressed.

    Raises SnapshotFileError, in one line, where the file is not there, damaged, foreign or newer.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SnapshotFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    return decode(_expand(data, path), path)


def _expand(data: bytes, path: Path) -> bytes:
    try:
        if data.startswith(ZSTD_MAGIC):
            frame = zstandard.ZstdDecompressor().decompressobj()
            expanded = frame.decompress(data)
            if not frame.eof:
                raise EOFError("it ends in the middle")
            return expanded
        if data.startswith(GZIP_MAGIC):
            return gzip.decompress(data)
    except (zstandard.ZstdError, OSError, EOFError) as error:
        raise SnapshotFileError(f"{path}: the compressed file is damaged or cut off ({error})") from error
    return data


def decode(data: bytes, path: Path) -> Snapshot:
    """The snapshot in a JSON text; `path` is for messages. Raises SnapshotFileError."""
    try:
        version = msgspec.json.decode(data, type=_Head).schema_version
    except msgspec.ValidationError as error:
        raise SnapshotFileError(f"{path}: not a snapshot of ecsiam-tui ({error})") from error
    except msgspec.DecodeError as error:
        raise SnapshotFileError(f"{path}: not JSON, or cut off ({error})") from error
    if version > SCHEMA_VERSION:
        raise SnapshotFileError(
            f"{path}: written by a newer ecsiam-tui (schema {version}, this one reads up to"
            f" {SCHEMA_VERSION}); upgrade ecsiam-tui to open it"
        )
    try:
        if version == SCHEMA_VERSION:
            return DECODER.decode(data)
        plain = msgspec.json.decode(data)
        for step in range(version, SCHEMA_VERSION):
            plain = UPGRADES[step](plain)
        return msgspec.convert(plain, Snapshot)
    except (msgspec.ValidationError, KeyError) as error:
        raise SnapshotFileError(f"{path}: not a snapshot of ecsiam-tui, or damaged ({error})") from error
