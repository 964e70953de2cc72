"""Where the stylesheets are: in the installed package, or in the checkout beside it."""

from pathlib import Path, PurePath

_PACKAGE = Path(__file__).resolve().parent.parent


def stylesheets() -> list[str | PurePath]:
    """The stylesheets, in the order in which they apply. Raises FileNotFoundError where there are none."""
    for folder in (_PACKAGE / "styles", _PACKAGE.parent / "styles"):
        if (folder / "app.tcss").is_file():
            rest = sorted(path for path in folder.glob("*.tcss") if path.name != "app.tcss")
            return [folder / "app.tcss", *rest]
    raise FileNotFoundError("the stylesheets of ecsiam-tui are missing; install it again")
