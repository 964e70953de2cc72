"""What holds of the code as a whole: what imports what, what is shown how, what can be remapped."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode

import ecsiam_tui
import ecsiam_tui.tui
from ecsiam_tui.graph.kinds import EdgeKind, NodeKind, relation, words

PACKAGE = Path(ecsiam_tui.__file__).parent
STYLES = PACKAGE.parent / "styles"
EDGES = {"textual": "tui", "boto3": "aws", "botocore": "aws", "moto": "demo"}
"""Each big library, and the one package that may import it."""


def run_fresh(*arguments: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, cwd=PACKAGE.parent
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules_below(*names: str) -> Iterator[str]:
    """These modules, and all below those that are packages."""
    for name in names:
        yield name
        module = PACKAGE.parent / Path(*name.split("."))
        for found in pkgutil.walk_packages([str(module)], f"{name}."):
            yield found.name


# Imports


def test_what_is_known_of_an_account_needs_neither_screen_nor_aws() -> None:
    modules = list(
        modules_below(*(f"ecsiam_tui.{name}" for name in ("account", "policy", "graph", "workspace")))
    )
    assert len(modules) > 40
    code = (
        f"import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"assert all(name in sys.modules for name in {modules!r})\n"
        f"print(sorted({set(EDGES)!r} & set(sys.modules)))"
    )
    assert run_fresh("-c", code).strip() == "[]"


def test_the_version_is_told_without_loading_any_of_it() -> None:
    code = (
        "import runpy, sys\n"
        "sys.argv = ['ecsiam-tui', '--version']\n"
        "try: runpy.run_module('ecsiam_tui', run_name='__main__', alter_sys=True)\n"
        "except SystemExit as done: assert not done.code, done.code\n"
        f"print(sorted(({set(EDGES)!r} | {{'networkx', 'policy_sentry'}}) & set(sys.modules)))"
    )
    version, loaded = run_fresh("-c", code).splitlines()
    assert ecsiam_tui.__version__ in version
    assert loaded == "[]"


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """(line, first part of the name) of everything that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.split(".")[0]


def test_each_big_library_is_imported_in_its_own_package_alone() -> None:
    found = [
        (library, path.relative_to(PACKAGE), line)
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, library in imports_of(path)
        if library in EDGES
    ]
    assert {library for library, _, _ in found} == set(EDGES)
    assert [item for item in found if item[1].parts[0] != EDGES[item[0]]] == []


# Words


@pytest.mark.parametrize("kind", NodeKind)
def test_a_kind_of_node_has_words_and_a_glyph_of_one_cell(kind: NodeKind) -> None:
    shown = words(kind)
    assert all(shown)
    assert len(shown.glyph) == 1
    assert cell_len(shown.glyph) == 1
    assert shown.word != shown.plural


def test_no_two_kinds_of_node_share_a_word() -> None:
    shared = Counter(text for kind in NodeKind for text in {words(kind).word, words(kind).plural})
    assert shared.most_common(1)[0][1] == 1


@pytest.mark.parametrize("kind", EdgeKind)
def test_a_kind_of_edge_is_read_in_both_directions(kind: EdgeKind) -> None:
    assert relation(kind)
    assert relation(kind, backwards=True)
    assert relation(kind) != relation(kind, backwards=True)


# Keys


def nodes_of_the_screen() -> list[type[DOMNode]]:
    """Every class of the explorer that has keys of its own."""
    for name in modules_below("ecsiam_tui.tui"):
        importlib.import_module(name)
    found: list[type[DOMNode]] = []
    waiting: list[type[DOMNode]] = [DOMNode]
    while waiting:
        for below in waiting.pop().__subclasses__():
            waiting.append(below)
            if below.__module__.startswith("ecsiam_tui.") and "BINDINGS" in vars(below):
                found.append(below)
    return sorted(set(found), key=lambda cls: cls.__qualname__)


def test_every_key_has_an_id_of_its_own() -> None:
    classes = nodes_of_the_screen()
    assert any(issubclass(cls, App) for cls in classes)
    assert len(classes) > 5
    bindings = [(cls.__name__, binding) for cls in classes for binding in cls.BINDINGS]
    assert [item for item in bindings if not isinstance(item[1], Binding) or not item[1].id] == []
    shared = Counter(binding.id for _, binding in bindings if isinstance(binding, Binding))
    assert [name for name, count in shared.items() if count > 1] == []


def test_no_class_binds_a_key_twice() -> None:
    for cls in nodes_of_the_screen():
        keys = [
            key.strip()
            for binding in cls.BINDINGS
            if isinstance(binding, Binding)
            for key in binding.key.split(",")
        ]
        assert len(keys) == len(set(keys)), cls


# Colours

LITERAL = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?)\s*\(")


@pytest.mark.parametrize("path", sorted(STYLES.glob("*.tcss")), ids=lambda path: path.name)
def test_styles_name_colours_of_the_theme_alone(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    rules = re.findall(r"\{([^{}]*)\}", text)
    assert rules
    literal = [line.strip() for rule in rules for line in rule.splitlines() if LITERAL.search(line)]
    assert literal == []
    coloured = re.findall(r"(?:^|[\s;{-])(?:color|background|tint|background-tint)\s*:\s*([^;]+);", text)
    assert [value for value in coloured if not value.startswith(("$", "transparent", "auto"))] == []


def test_there_are_styles() -> None:
    assert list(STYLES.glob("*.tcss"))


@pytest.mark.parametrize(
    "text", ["color: #fff;", "background: #00112233;", "color: rgb(1, 2, 3);", "hsl(1,2,3)"]
)
def test_literal_colours_are_recognised(text: str) -> None:
    assert LITERAL.search(text)
