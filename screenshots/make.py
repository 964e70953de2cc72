"""Make the pictures in this folder from the demo account: SVG from Textual, PNG where Chromium is installed.

The clock is frozen and the account is the same every time, so a picture changes only when the product does.
"""

import asyncio
import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ecsiam_tui.demo.source import DemoSource
from ecsiam_tui.tui.app import EcsIamApp

HERE = Path(__file__).resolve().parent
NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


class Shot(NamedTuple):
    """A picture: the terminal's size, and the keys that lead to what it shows."""

    name: str
    size: tuple[int, int]
    keys: Sequence[str]
    light: bool = False


def typed(text: str) -> list[str]:
    """The keys that type a text."""
    names = {".": "full_stop", ":": "colon", "-": "minus", "=": "equals_sign", " ": "space", "/": "slash"}
    return [names.get(char, char) for char in text]


DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/payments-exec/abc is not authorized to perform:"
    " secretsmanager:GetSecretValue on resource:"
    " arn:aws:secretsmanager:eu-west-1:123456789012:secret:payments/stripe because no identity-based policy"
    " allows the secretsmanager:GetSecretValue action"
)
TO_CHECKOUT = ["slash", *typed("checkout kind:service"), "enter", "escape", "right"]
WAIT = "wait"
"""Not a key: what was asked for is made in a thread beside."""
TO_FIXES = ["F", "slash", *typed("ECS-IAM-001"), "enter", "f", WAIT]
TO_SIMULATE = ["slash", *typed("payments-exec kind:role"), "enter", "s", WAIT]
TO_WIZARD = [
    *["W", *typed("assign"), "enter", WAIT],
    *[*typed("catalog"), "enter", WAIT, "down", "enter", WAIT],
    *[*typed("search-exec"), "enter", WAIT, "enter", WAIT],
]
TO_PAYMENTS = ["slash", *typed("payments-api kind:service"), "enter"]
SHOTS = (
    Shot("explorer", (120, 36), [*TO_CHECKOUT, "down", "right"]),
    Shot("explorer-light", (120, 36), [*TO_CHECKOUT, "down", "right"], light=True),
    Shot("statement", (120, 36), [*TO_CHECKOUT, "down", "right", "right", "right", "right", "8"]),
    Shot("filter", (120, 36), ["slash", *typed("kind:role cluster:prod task")]),
    Shot("used-by", (120, 36), ["slash", *typed("kind:role ecs-exec"), "enter", "escape", "6"]),
    Shot("findings", (120, 36), ["F", *["down"] * 6]),
    Shot("findings-by-service", (120, 36), ["F", "g", *["down"] * 3]),
    Shot("findings-narrow", (80, 24), ["F", "down", "down"]),
    Shot("escalation", (120, 40), ["F", "slash", *typed("ECS-IAM-024"), "enter", "down"]),
    Shot("needs", (130, 40), [*TO_PAYMENTS, "3"]),
    Shot(
        "requirement",
        (120, 36),
        ["slash", *typed("payments-api kind:service"), "enter", "3", "enter", "enter"],
    ),
    Shot("access", (130, 40), ["slash", *typed("checkout-task kind:role"), "enter", "4"]),
    Shot("faults", (120, 36), ["v", "right", "down", "right"]),
    Shot("explain", (120, 36), ["E", *typed(DENIED)]),
    Shot("fixes", (120, 40), TO_FIXES),
    Shot("plan", (130, 40), [*TO_FIXES, "enter", WAIT, "S", WAIT, "down"]),
    Shot("wizard", (120, 36), TO_WIZARD),
    Shot("last-use", (120, 40), ["F", "slash", *typed("ECS-IAM-016"), "enter", "f", WAIT, "down", WAIT]),
    Shot("simulate", (130, 40), [*TO_SIMULATE, *typed("secretsmanager:GetSecretValue"), "enter", WAIT]),
    Shot("gaps", (120, 36), ["exclamation_mark"]),
    Shot("help", (120, 40), ["question_mark"]),
    Shot("narrow", (80, 24), [*TO_CHECKOUT, "down", "right"]),
    Shot("wide", (200, 60), [*TO_CHECKOUT, "down", "right"]),
)


async def picture(source: DemoSource, shot: Shot) -> str:
    """The SVG of one picture."""
    app = EcsIamApp(source, clock=lambda: NOW, light=shot.light)
    async with app.run_test(size=shot.size) as pilot:
        while app.workspace is None or app.status.progress is not None or not app.workspace.is_judged:
            await pilot.pause(0.05)
        await pilot.pause(0.3)
        for key in shot.keys:
            if key == WAIT:
                await pilot.pause(4)
                continue
            await pilot.press(key)
            await pilot.pause(0.02)
        await pilot.pause(0.5)
        # Textual names its styles at random; one name per picture keeps the files comparable.
        return re.sub(r"terminal-\d+", "terminal", app.export_screenshot(title="ecsiam-tui"))


def chromium() -> str | None:
    """Chromium's command, if it is installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def to_png(svg: Path, browser: str) -> None:
    """A PNG beside an SVG. Only a browser draws the boxes of a terminal without gaps."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg.read_text(encoding="utf-8"))
    width, height = (round(float(part)) for part in size.groups()) if size else (1500, 900)
    # The web font that Textual names is not fetched: the installed one is used.
    text = re.sub(r"@font-face \{.*?\}", "", svg.read_text(encoding="utf-8"), flags=re.S)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(f"<style>*{{margin:0}}svg{{display:block}}</style>{text}", encoding="utf-8")
        flags = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-device-scale-factor=1",
            f"--window-size={width},{height}",
            f"--user-data-dir={folder}/profile",
            f"--screenshot={svg.with_suffix('.png')}",
        )
        subprocess.run([browser, *flags, page.as_uri()], check=True, capture_output=True, timeout=120)


async def main(names: Sequence[str]) -> None:
    """Make all pictures, or those that are named."""
    source = DemoSource(now=NOW)
    browser = chromium()
    for shot in SHOTS:
        if names and shot.name not in names:
            continue
        path = HERE / f"{shot.name}.svg"
        path.write_text(await picture(source, shot), encoding="utf-8")
        if browser:
            to_png(path, browser)
        print(path.name, "and its PNG" if browser else "(no Chromium: no PNG)")
    with contextlib.suppress(AttributeError):
        source.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
