"""What a terminal shows, as far as Textual writes it: places, styles and one-cell characters."""

import re

_TOKEN = re.compile(
    r"\x1b\[(\d+);(\d+)H|(\x1b\[[0-9;]*m)|(\r\n)|\x1b(?:\[[0-9;?>=]*[A-Za-z@]|[()][A-Z0-9]|[=>78])|([^\x1b\r\n]+)"
)


class Shown:
    """A grid of cells, each a character with its style."""

    def __init__(self, columns: int, rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._cells = [[(" ", "")] * columns for _ in range(rows)]

    def draw(self, data: bytes) -> frozenset[int]:
        """Draw what was written; returns the rows (from 1) that look different now."""
        row, column, style = 0, 0, ""
        before: dict[int, list[tuple[str, str]]] = {}
        for to_row, to_column, sgr, newline, text in _TOKEN.findall(data.decode(errors="replace")):
            if to_row:
                row, column = int(to_row) - 1, int(to_column) - 1
            elif sgr:
                style = "" if sgr in ("\x1b[0m", "\x1b[m") else sgr
            elif newline:
                row, column = row + 1, 0
            elif text and row < self._rows:
                cells = self._cells[row]
                before.setdefault(row, cells.copy())
                end = min(column + len(text), self._columns)
                cells[column:end] = [(char, style) for char in text[: end - column]]
                column = end
        return frozenset(row + 1 for row, cells in before.items() if cells != self._cells[row])

    @property
    def text(self) -> str:
        """All rows as plain text."""
        return "\n".join(self.row(number) for number in range(1, self._rows + 1))

    def row(self, number: int) -> str:
        """A row (from 1) as plain text."""
        return "".join(char for char, _ in self._cells[number - 1])
