"""Calling the commands in this process."""

from typing import Any, NamedTuple

import msgspec
from typer.testing import CliRunner

from ecsiam_tui.cli import app

RUN = CliRunner()


class Answer(NamedTuple):
    """What a command printed on standard output and on standard error."""

    out: str
    err: str


def answer(*arguments: str, code: int = 0, text: str | None = None) -> Answer:
    """What a command says; it must end with `code`."""
    result = RUN.invoke(app, arguments, input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return Answer(result.stdout, result.stderr)


def ask(*arguments: str, code: int = 0, text: str | None = None) -> str:
    """What a command prints on standard output."""
    return answer(*arguments, code=code, text=text).out


def data(*arguments: str, code: int = 0) -> Any:
    """What a command prints as JSON."""
    return msgspec.json.decode(ask(*arguments, "--json", code=code))


def flat(text: str) -> str:
    """The text on one line: how it is wrapped is no matter."""
    return " ".join(text.split())
