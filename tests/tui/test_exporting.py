"""Files and the editor."""

import stat
from pathlib import Path

import msgspec
import pytest

from ecsiam_tui.tui import exporting
from ecsiam_tui.tui.app import EcsIamApp
from ecsiam_tui.tui.screens.dialogs import Ask, Choose
from tests.tui.conftest import press, settled


@pytest.mark.parametrize(
    ("title", "form", "name"),
    [
        ("checkout", "json", "ecsiam-checkout.json"),
        ("../../etc/passwd", "markdown", "ecsiam-etc-passwd.md"),
        ("[/x] \x1b]0;", "svg", "ecsiam-x-0.svg"),
        ("", "json", "ecsiam-view.json"),
        ("n" * 300, "json", f"ecsiam-{'n' * 80}.json"),
    ],
)
def test_file_names_are_safe(title: str, form: str, name: str) -> None:
    assert exporting.file_name(title, form) == name


def test_an_export_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("mine")
    free = exporting.free_path(path)
    assert free == tmp_path / "a-2.json"
    with pytest.raises(FileExistsError):
        exporting.write_private(path, "other")
    assert path.read_text() == "mine"


@pytest.mark.parametrize(("choice", "suffix"), [("json", ".json"), ("mark", ".md"), ("svg", ".svg")])
async def test_export(
    app: EcsIamApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: str, suffix: str
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("x")
        await pilot.pause(0.1)
        assert isinstance(app.screen, Choose)
        await pilot.press(*choice, "enter")
        await pilot.pause(0.1)
        assert isinstance(app.screen, Ask)
        await pilot.press("enter")
        await pilot.pause(0.1)
        (path,) = tmp_path.iterdir()
        assert path.suffix == suffix
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        text = path.read_text(encoding="utf-8")
        if suffix == ".json":
            assert msgspec.json.decode(text)["clusterName"] == "batch"
        elif suffix == ".md":
            assert text.startswith("# batch")
            assert "roles belong to task definitions" in text
        else:
            assert text.startswith("<svg")
            assert "acme-prod" in text


async def test_a_folder_that_does_not_exist_is_said(app: EcsIamApp, tmp_path: Path) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("x")
        await pilot.pause(0.1)
        await pilot.press("enter")
        await pilot.pause(0.1)
        app.screen.query_one("Input").value = str(tmp_path / "no" / "x.json")
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert any("No such file" in note.message for note in app._notifications)


def test_the_editor_sees_a_private_read_only_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = tmp_path / "report"
    editor = tmp_path / "editor"
    editor.write_text(
        f'#!/bin/sh\nstat -c %a "$2" > {report}; cat "$2" >> {report}; echo "$1" >> {report}\nexit 3\n'
    )
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", f"'{editor}' --flag")
    assert exporting.view_in_editor("web", '{"a": 1}') == 3
    assert report.read_text() == '400\n{"a": 1}--flag\n'


async def test_an_editor_that_is_missing_is_said(app: EcsIamApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "no-such-editor-here")
    monkeypatch.setattr(EcsIamApp, "suspend", lambda self: __import__("contextlib").nullcontext())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settled(pilot)
        await press(pilot, "e")
        assert any("no-such-editor-here" in note.message for note in app._notifications)
