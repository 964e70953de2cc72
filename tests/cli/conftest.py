"""The demo account as a file, for all commands."""

import pytest

from ecsiam_tui.account.files import save
from ecsiam_tui.account.snapshot import Snapshot


@pytest.fixture(scope="session")
def file(demo_snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The demo account's snapshot."""
    path = tmp_path_factory.mktemp("questions") / "demo.json"
    save(demo_snapshot, path)
    return str(path)
