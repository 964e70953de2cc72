"""Taking what is shown elsewhere: the clipboard, an editor, a file."""

from pathlib import Path

from textual import work
from textual.screen import Screen

from ecsiam_tui.tui import exporting
from ecsiam_tui.tui.facts import as_markdown
from ecsiam_tui.tui.screens.dialogs import Ask, Choose
from ecsiam_tui.tui.widgets.detail import Detail
from ecsiam_tui.tui.widgets.tree import EstateTree


class Carrying(Screen[None]):
    """A screen with a tree and a detail whose item can be copied and written."""

    @property
    def tree_view(self) -> EstateTree:
        """The tree."""
        return self.query_one(EstateTree)

    @property
    def detail(self) -> Detail:
        """The right pane."""
        return self.query_one(Detail)

    def show_detail(self) -> None:
        """Show in the detail what is under the cursor."""
        raise NotImplementedError

    def action_copy_arn(self) -> None:
        """Copy the ARN (or id) of the item."""
        item = self.tree_view.item
        if item is not None and item.node is not None:
            self.app.copy_to_clipboard(item.node.id)
            self.notify(item.node.id, title="ARN copied", markup=False)

    def action_copy_json(self) -> None:
        """Copy the JSON of the item."""
        self.show_detail()
        if text := self.detail.json():
            self.app.copy_to_clipboard(text)
            self.notify(f"{len(text):,} characters", title="JSON copied")

    def action_edit(self) -> None:
        """Open the JSON of the item in the editor, read-only."""
        self.show_detail()
        item, text = self.detail.item, self.detail.json()
        if item is None or not text:
            self.notify("this item has no JSON", severity="warning")
            return
        try:
            with self.app.suspend():
                exporting.view_in_editor(item.title, text)
        except OSError as error:
            self.notify(
                f"{error}; set $EDITOR to an editor that is installed", severity="error", markup=False
            )
        self.refresh(layout=True)

    @work
    async def action_export(self) -> None:
        """Write the view to a file."""
        self.show_detail()
        item = self.detail.item
        if item is None:
            return
        form = await self.app.push_screen_wait(
            Choose(
                "Export as",
                (
                    ("json", "JSON          the record or policy document"),
                    ("markdown", "Markdown      all tabs as text"),
                    ("svg", "SVG           a picture of the screen"),
                ),
            )
        )
        if form is None:
            return
        picture = self.app.export_screenshot(title="ecsiam-tui") if form == "svg" else ""
        offered = exporting.free_path(Path.cwd() / exporting.file_name(item.title, form))
        name = await self.app.push_screen_wait(Ask("Write to", str(offered), "Enter writes, Esc goes back"))
        if name is None:
            return
        text = {"json": self.detail.json(), "svg": picture}.get(form) or as_markdown(
            item, self.detail.sections()
        )
        path = Path(name).expanduser()
        try:
            exporting.write_private(path, text)
        except FileExistsError:
            self.notify(f"{path} exists; choose another name", severity="error", markup=False)
        except OSError as error:
            self.notify(f"{path}: {error.strerror}", severity="error", markup=False)
        else:
            self.notify(str(path), title="written", markup=False)
