"""Task definitions read from files: anything at all raises nothing but DefinitionError, in linear time."""

import json
import time

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecsiam_tui.account.references import references
from ecsiam_tui.ecs.definition_file import DefinitionError
from tests.ecs.definition_files import FILES, one, read

# -- anything ----------------------------------------------------------------------------------------------

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8)
            | st.sampled_from(
                [
                    "containerDefinitions", "Name", "image", "environment", "secrets", "valueFrom",
                    "volumes", "efsVolumeConfiguration", "logConfiguration", "options", "tags", "command",
                    "cpu", "healthCheck", "portMappings", "Ref", "Fn::Sub", "Fn::Join", "Fn::If",
                    "Fn::Select", "Fn::GetAtt", "registeredAt", "dockerVolumeConfiguration", "driverOpts",
                    "essential", "linuxParameters", "family", "Type", "Properties", "taskDefinition",
                    "environmentFiles", "value", "key", "fileSystemId", "revision",
                    "events", "deployments", "serviceConnectConfiguration",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)  # fmt: skip


def _check(text: str | bytes) -> None:
    try:
        found = read(text)
    except DefinitionError:
        return
    assert found.definitions or found.services
    msgspec.json.encode(found)
    for definition in found.definitions:
        list(references(definition))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_JSON)
def test_any_json(value: object) -> None:
    _check(json.dumps({"containerDefinitions": [value], "volumes": [value]}))
    _check(json.dumps(value))
    _check(json.dumps({"Resources": {"A": {"Type": "AWS::ECS::TaskDefinition", "Properties": value}}}) + "#")
    _check(json.dumps({"Resources": {"A": {"Type": "AWS::ECS::Service", "Properties": value}}}))


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary())
def test_any_text(text: str | bytes) -> None:
    _check(text)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "{", "}", "[", "]", ":", ",", '"', "'", "`", "\\", "\n", " ", "//", "/*", "*/", "#", "${",
                "{{", "}}", "{%", "%}", "<", ">", "<%", "%>", "<<EOF\n", "EOF", "name", '"image"',
                '"containerDefinitions"', "1", "- ", "&a ", "*a", "!Ref ", "!Sub ", "Fn::If", "=", "a: ",
                "(", ")", "$X", "\x00", "é", "\ud800",
            ]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_any_tokens(tokens: list[str]) -> None:
    _check("".join(tokens))
    _check('{"containerDefinitions": [{"name": "a", ' + "".join(tokens))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(path.name for path in FILES.iterdir())), st.data())
def test_damaged_examples(name: str, data: st.DataObject) -> None:
    text = (FILES / name).read_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    _check(text[:start] + data.draw(st.text(max_size=5)) + text[end:])


# -- time --------------------------------------------------------------------------------------------------

_MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "[" + "1," * (_MEGABYTE // 2),
        '["a" x' + '"" ' * (_MEGABYTE // 3),
        '{"a":' + "<a " * (_MEGABYTE // 3),
        "/*" * (_MEGABYTE // 2),
        "\n{% x %}" * (_MEGABYTE // 8),
        *(
            '{"containerDefinitions": [{"image": "' + piece * (_MEGABYTE // len(piece)) + '"}]}'
            for piece in (
                "a:",
                "A_",
                "a.dkr.ecr.",
                "${a",
                "{{a",
                "<a ",
                "place_holder_",
                "__a",
                "%a",
                "[a ",
                "your-",
            )
        ),
        '{"containerDefinitions": [{"environment": [{"name": "A", "value": "' + "${a " * 250_000 + '"}]}]}',
        "[" + ",".join(['{"family":"a","containerDefinitions":[]}'] * 20_000) + "]",
    ],
    ids=range(18),
)
def test_time_is_linear(text: str) -> None:
    """Quadratic ways take minutes for a megabyte, linear ones less than a second."""
    start = time.process_time()
    _check(text)
    assert time.process_time() - start < 20  # what is not linear takes minutes


def test_five_megabytes() -> None:
    app = json.loads((FILES / "by-hand.json").read_text())["containerDefinitions"][0]
    count = 5 * _MEGABYTE // len(json.dumps(app, indent=4))
    text = json.dumps({"family": "a", "containerDefinitions": [app] * count}, indent=4)
    for each in (text, text[:-1] + ",}"):
        start = time.process_time()
        assert len(one(each).container_definitions) == count
        assert time.process_time() - start < 30  # what is not linear takes minutes
