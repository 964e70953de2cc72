"""What a command prints on standard output."""

import os
import sys

import typer


def write(text: str) -> None:
    """Print a text and end the command in peace where the reader, `head` say, has seen enough."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None
