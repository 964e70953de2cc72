"""The rows of the tree as data: which items are shown, in which order, which of them are open."""

from collections.abc import Callable, Iterable, Sequence

from ecsiam_tui.graph.outline import SEPARATOR, Item, Outline


class Rows:
    """The shown items of an outline, flat. `open_keys` outlives the outline: it is handed to the next one."""

    def __init__(
        self,
        outline: Outline,
        open_keys: Iterable[str] = (),
        roots: Sequence[Item] | None = None,
        keep: Callable[[Item], bool] | None = None,
    ) -> None:
        """`keep` says which items are shown at all; what stands below one that is not is not shown either."""
        self.outline = outline
        self._keep = keep
        self.open_keys = set(open_keys)
        self.items: list[Item] = []
        self._places: dict[str, int] | None = None
        self.set_roots(outline.roots() if roots is None else roots)

    def __len__(self) -> int:
        return len(self.items)

    def set_roots(self, roots: Sequence[Item]) -> None:
        """Show these items at the top, opened where they were open."""
        self.items = []
        for item in roots if self._keep is None else filter(self._keep, roots):
            self._append(item)
        self._places = None

    def is_open(self, item: Item) -> bool:
        """Whether an item's children are shown."""
        return item.opens and item.key in self.open_keys

    def open(self, index: int) -> bool:
        """Show the children of the item at `index`; False if it has none or is open."""
        item = self.items[index]
        if not item.opens or item.key in self.open_keys:
            return False
        self.open_keys.add(item.key)
        below: list[Item] = []
        for child in self._children(item):
            self._append(child, below)
        self.items[index + 1 : index + 1] = below
        self._places = None
        return True

    def close(self, index: int) -> bool:
        """Hide the children of the item at `index`; what was open below stays remembered."""
        item = self.items[index]
        if item.key not in self.open_keys:
            return False
        self.open_keys.discard(item.key)
        end = self.end_of(index)
        del self.items[index + 1 : end]
        self._places = None
        return True

    def end_of(self, index: int) -> int:
        """The index behind the last row that stands below the item at `index`."""
        depth = self.items[index].depth
        end = index + 1
        while end < len(self.items) and self.items[end].depth > depth:
            end += 1
        return end

    def parent(self, index: int) -> int | None:
        """The index of the row above in the tree."""
        key = self.items[index].parent_key
        return self.index(key) if key else None

    def index(self, key: str) -> int | None:
        """Where an item is shown, or None."""
        if self._places is None:
            self._places = {item.key: place for place, item in enumerate(self.items)}
        return self._places.get(key)

    def nearest(self, key: str, fallback: int = 0) -> int:
        """Where an item is shown, or else the closest one above it that is, or else `fallback`."""
        while key:
            index = self.index(key)
            if index is not None:
                return index
            key = key.rpartition(SEPARATOR)[0]
        return min(fallback, max(0, len(self.items) - 1))

    def reveal(self, path: Sequence[str]) -> int | None:
        """Open every item of a path but the last, and return where the last one is now."""
        index = None
        for place, key in enumerate(path):
            index = self.index(key)
            if index is None:
                return None
            if place < len(path) - 1:
                self.open(index)
        return index

    def trail(self, index: int) -> tuple[Item, ...]:
        """The items from the root down to the one at `index`."""
        found = []
        place: int | None = index
        while place is not None:
            found.append(self.items[place])
            place = self.parent(place)
        return tuple(reversed(found))

    def _append(self, item: Item, to: list[Item] | None = None) -> None:
        target = self.items if to is None else to
        target.append(item)
        if item.opens and item.key in self.open_keys:
            for child in self._children(item):
                self._append(child, target)

    def _children(self, item: Item) -> Iterable[Item]:
        children = self.outline.children(item)
        return children if self._keep is None else filter(self._keep, children)
