"""The command line: the explorer, and the same answers without a screen.

Exit codes: 0 done, 1 it could not be done (one line on standard error says why), 2 the call was wrong,
130 interrupted.
"""

import sys

import typer

from ecsiam_tui.account.source import SourceError
from ecsiam_tui.account.text import visible
from ecsiam_tui.cli import ask, audit, diff, explain, explore, fix, headless, needs, plan
from ecsiam_tui.cli.errors import CommandError

app = typer.Typer(
    name="ecsiam-tui",
    help="Explore the permissions of Amazon ECS: who may do what, and why.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
explore.register(app)
headless.register(app)
ask.register(app)
audit.register(app)
needs.register(app)
fix.register(app)
explain.register(app)
diff.register(app)
plan.register(app)


def main() -> None:
    """Run a command and turn what went wrong into one line and an exit code."""
    try:
        app()
    except (SourceError, CommandError) as error:
        print(f"ecsiam-tui: {visible(str(error))}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("ecsiam-tui: interrupted", file=sys.stderr)
        sys.exit(130)
