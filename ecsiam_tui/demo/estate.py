"""The declaration of the demo account: `estate/*.toml`, read and checked for its outer shape.

Every file adds to the same tables: `[[roles]]` in one file and `[[roles]]` in another make one list, in the
order of the file names. What stands in a table is handed to AWS's API under AWS's own names; the sub-table
`demo` holds what no API call takes (ages, revision numbers, error texts). Two notations are expanded:

- `${kind:name}` becomes the ARN or id of something declared here (see `seed.references`);
- a span such as `"12d"`, `"3h"` or `"7m"` in `demo` is an age, counted back from the account's *now*.
"""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, NamedTuple

Table = dict[str, Any]

_REFERENCE = re.compile(
    r"\$\{(role|policy|cluster|service|td|task|ecr|secret|key|efs|access-point|subnet|sg|container-instance):([^}]+)\}"
)
_AGE = re.compile(r"(\d+)([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class EstateError(Exception):
    """The declaration cannot be used. The message is one line that names the place."""


class Mistake(NamedTuple):
    """One mistake that the declaration makes on purpose.

    `id` is that of the finding that should tell of it, `node` the ARN of what it sits on, `about` a sentence.
    """

    id: str
    node: str
    about: str


class Estate:
    """The declared account, table by table."""

    def __init__(self, tables: dict[str, Any]) -> None:
        self._tables = tables

    def list(self, name: str) -> list[Table]:
        """The entries of `[[name]]`, empty where there are none."""
        entries = self._tables.get(name, [])
        if not isinstance(entries, list):
            raise EstateError(f"estate: {name} must be written [[{name}]]")
        return entries

    def table(self, name: str) -> Table:
        """The table `[name]`."""
        table = self._tables.get(name, {})
        if not isinstance(table, dict):
            raise EstateError(f"estate: {name} must be written [{name}]")
        return table


def load_estate() -> Estate:
    """Read the declaration that comes with the package. Raises EstateError."""
    tables: dict[str, Any] = {}
    folder = files("ecsiam_tui.demo") / "estate"
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if not file.name.endswith(".toml"):
            continue
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise EstateError(f"estate/{file.name}: {error}") from error
        for name, value in content.items():
            if isinstance(value, list):
                tables.setdefault(name, []).extend(value)
            elif name in tables:
                raise EstateError(f"estate/{file.name}: [{name}] stands in another file too")
            else:
                tables[name] = value
    return Estate(tables)


class References:
    """What `${kind:name}` stands for; filled while the account is being made."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], str] = {}

    def add(self, kind: str, name: str, value: str) -> None:
        """`${kind:name}` stands for `value` from now on."""
        self._values[kind, name] = value

    def get(self, kind: str, name: str) -> str:
        """The value of one reference. Raises EstateError where nothing of that name was declared."""
        try:
            return self._values[kind, name]
        except KeyError:
            raise EstateError(f"estate: ${{{kind}:{name}}} names nothing that is declared (yet)") from None

    def expand(self, value: Any) -> Any:
        """`value` with every reference in its texts expanded, in a copy; `demo` tables are left out."""
        if isinstance(value, str):
            return _REFERENCE.sub(lambda match: self.get(match[1], match[2]), value)
        if isinstance(value, list):
            return [self.expand(item) for item in value]
        if isinstance(value, dict):
            return {key: self.expand(item) for key, item in value.items() if key != "demo"}
        return value


def age(text: str) -> timedelta:
    """A span such as `90d` or `2h30m`. Raises EstateError."""
    parts = _AGE.findall(text)
    if not parts or "".join(n + u for n, u in parts) != text:
        raise EstateError(f"estate: {text!r} is no span of time; write for instance 12d or 2h30m")
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


def ago(now: datetime, text: str) -> datetime:
    """The moment that lies the span `text` before `now`: UTC and naive, as moto keeps its times."""
    return (now - age(text)).astimezone(UTC).replace(tzinfo=None)
