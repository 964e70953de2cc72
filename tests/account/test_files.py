"""Snapshot files: written whole and privately, read whatever their age, refused in one line."""

import gzip
import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ecsiam_tui.account import files
from ecsiam_tui.account.ecs import Cluster
from ecsiam_tui.account.files import SnapshotFileError, encode, load, save
from ecsiam_tui.account.iam import InlinePolicy, Role
from ecsiam_tui.account.resources import Bucket
from ecsiam_tui.account.snapshot import Gap, Snapshot

SNAPSHOT = Snapshot(
    account_id="111122223333",
    taken_at=datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
    regions=("eu-west-1",),
    clusters=(
        Cluster(
            cluster_arn="arn:aws:ecs:eu-west-1:111122223333:cluster/[/x]\u202e🚢", cluster_name="\x1b]0;x"
        ),
    ),
    roles=(
        Role(
            role_name="r",
            arn="arn:aws:iam::111122223333:role/r",
            create_date=datetime(2026, 1, 1, tzinfo=UTC),
            role_policy_list=(
                InlinePolicy(policy_name="p", policy_document='{ "Version":\n\t"2012-10-17" }'),
            ),
        ),
    ),
    buckets=(
        Bucket(name="read", arn="arn:aws:s3:::read", policy=None),
        Bucket(name="unread", arn="arn:aws:s3:::unread"),
    ),
    gaps=(Gap(call="ecs:ListTasks", reason="denied", unknown=("tasks",)),),
)


@pytest.mark.parametrize("name", ["s.json", "s.json.gz", "s.json.zst", "s"])
def test_round_trip(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    save(SNAPSHOT, path)
    found = load(path)
    assert found == SNAPSHOT
    assert [bucket.policy for bucket in found.buckets] == [None, msgspec.UNSET]


@given(document=st.text(), name=st.text())
def test_any_text_survives(document: str, name: str) -> None:
    role = Role(role_name=name, arn="a", assume_role_policy_document=document)
    snapshot = msgspec.structs.replace(SNAPSHOT, roles=(role,))
    assert files.decode(encode(snapshot), Path("x")).roles == (role,)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_only_the_owner_may_read_the_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"s.json{suffix}"
    path.write_text("older")
    path.chmod(0o644)
    save(SNAPSHOT, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_the_content_tells_the_compression_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "renamed.json"
    path.write_bytes(gzip.compress(encode(SNAPSHOT), mtime=0))
    assert load(path) == SNAPSHOT
    path.write_bytes(zstandard.compress(encode(SNAPSHOT)))
    assert load(path) == SNAPSHOT


def test_the_schema_version_comes_first(tmp_path: Path) -> None:
    save(SNAPSHOT, tmp_path / "s.json")
    assert (tmp_path / "s.json").read_bytes().startswith(b'{"schemaVersion":1,')


def test_a_file_from_before_schema_versions_is_read(tmp_path: Path) -> None:
    old = json.loads(encode(SNAPSHOT))
    del old["schemaVersion"]
    old["collectedAt"] = old.pop("takenAt")
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old))
    assert load(path) == SNAPSHOT


def test_unknown_fields_of_a_later_release_are_passed_over(tmp_path: Path) -> None:
    newer = {**json.loads(encode(SNAPSHOT)), "moons": [1]}
    path = tmp_path / "s.json"
    path.write_text(json.dumps(newer))
    assert load(path) == SNAPSHOT


WHOLE = encode(SNAPSHOT)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (WHOLE.replace(b'"schemaVersion":1', b'"schemaVersion":99'), "newer ecsiam-tui"),
        (b"", "not JSON, or cut off"),
        (b"\x00\xff\xfe", "not JSON, or cut off"),
        (b"hello", "not JSON, or cut off"),
        (WHOLE[:-30], "not JSON, or cut off"),
        (WHOLE + b"}", "not JSON, or cut off"),
        (b"[]", "not a snapshot"),
        (b'"text"', "not a snapshot"),
        (b"{}", "not a snapshot"),
        (b'{"schemaVersion":"x"}', "not a snapshot"),
        (b'{"schemaVersion":1}', "not a snapshot"),
        (b'{"schemaVersion":-3}', "not a snapshot"),
        (b'{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"}}}', "not a snapshot"),
        (WHOLE.replace(b'"clusters":[', b'"clusters":[7,'), "not a snapshot"),
        (gzip.compress(WHOLE, mtime=0)[:-12], "damaged or cut off"),
        (gzip.compress(WHOLE, mtime=0)[:20] + b"\x00" * 40, "damaged or cut off"),
        (zstandard.compress(WHOLE)[:20], "damaged or cut off"),
        (zstandard.compress(WHOLE)[:-4], "damaged or cut off"),
        (b"\x28\xb5\x2f\xfd\x00\x00", "damaged or cut off"),
    ],
)
def test_what_is_no_snapshot_is_refused_in_one_line(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "strange.json"
    path.write_bytes(content)
    with pytest.raises(SnapshotFileError) as caught:
        load(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@given(
    data=st.binary(max_size=200),
    head=st.sampled_from([b"", b"{", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", WHOLE[:40]]),
)
def test_no_file_gives_a_traceback(
    data: bytes, head: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.json"
    path.write_bytes(head + data)
    with pytest.raises(SnapshotFileError):
        load(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SnapshotFileError, match="cannot be read: No such file"):
        load(tmp_path / "none.json")
    with pytest.raises(SnapshotFileError, match="cannot be read"):
        load(tmp_path)


def test_a_write_that_fails_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.json"
    save(SNAPSHOT, path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(SnapshotFileError, match="cannot be written: No space left on device"):
        save(msgspec.structs.replace(SNAPSHOT, account_id="0"), path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["s.json"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SnapshotFileError, match="cannot be written"):
        save(SNAPSHOT, tmp_path / "none" / "s.json")
