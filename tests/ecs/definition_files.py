"""What the tests of definition files share."""

import json
from pathlib import Path

from ecsiam_tui.account.references import Home
from ecsiam_tui.account.tasks import TaskDefinition
from ecsiam_tui.ecs.definition_file import DefinitionFile, parse

HOME = Home("aws", "eu-west-1", "123456789012")
FILES = Path(__file__).parent / "definitions"
BARE = '{"name": "web", "image": "nginx", "essential": true}'


def read(text: str | bytes, name: str = "shop.json", home: Home = HOME) -> DefinitionFile:
    return parse(text, name, home=home)


def one(text: str | bytes, name: str = "shop.json", home: Home = HOME) -> TaskDefinition:
    (definition,) = read(text, name, home).definitions
    return definition


def example(name: str) -> DefinitionFile:
    return read((FILES / name).read_bytes(), name)


def texts(found: DefinitionFile) -> dict[str, list[str]]:
    """The placeholders by path."""
    result: dict[str, list[str]] = {}
    for path, text in found.placeholders:
        result.setdefault(path, []).append(text)
    return result


def messages(found: DefinitionFile) -> dict[str, str]:
    return dict(found.problems)


def container(**members: object) -> str:
    return json.dumps({"family": "a", "containerDefinitions": [{"name": "c", "image": "nginx", **members}]})
