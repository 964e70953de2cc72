"""Questions to the policy engine: simulate, access, who-can, why-not, lint, test."""

import typer

from ecsiam_tui.cli.ask import access, lint, simulate, testing, who_can, why_not


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("simulate")(simulate.simulate)
    app.command("why-not")(why_not.why_not)
    app.command("who-can")(who_can.who_can)
    app.command("access")(access.access)
    app.command("lint")(lint.lint)
    app.command("test")(testing.run_tests)
