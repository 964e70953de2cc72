"""What is said about a file of task definitions: what it leaves open, what is odd in it, why it is no use."""

from typing import NamedTuple

MAX_NOTES = 500
"""Problems kept of one file; beyond it one more says how many there were."""

MAX_DEPTH = 100
"""Deepest nesting read. A task definition in a CloudFormation template has some fifteen levels."""


class DefinitionError(Exception):
    """Nothing in a file can be used. The message is one line for a person: the file, the place, the way
    out."""


class Placeholder(NamedTuple):
    """Something that a file leaves open: `text` is `<ACCOUNT_ID>`, `${VAR}`, `PLACEHOLDER`; `path` says where
    (`containerDefinitions[0].image`). Of an environment variable's value it is the placeholder alone."""

    path: str
    text: str


class Problem(NamedTuple):
    """Something that was ignored or is odd, never fatal. A message never repeats a value."""

    path: str
    message: str


class Notes:
    """Problems as they are found, each once, and not without end."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}
        self._left_out = 0

    def add(self, path: str, message: str) -> None:
        """Note a problem."""
        if len(self._found) < MAX_NOTES:
            self._found[Problem(path, message)] = None
        else:
            self._left_out += 1

    def problems(self) -> tuple[Problem, ...]:
        """All that were noted."""
        more = (Problem("", f"{self._left_out} more problems"),) if self._left_out else ()
        return (*self._found, *more)


class Members(dict[str, object]):
    """An object's members, the last of each name, and the names that were given more than once."""

    doubled: tuple[str, ...] = ()


def too_deep() -> DefinitionError:
    """What is raised for text that is nested deeper than anything has to be."""
    return DefinitionError(f"nested deeper than {MAX_DEPTH} levels; a task definition needs about ten")
