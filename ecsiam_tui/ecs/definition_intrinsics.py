"""CloudFormation's functions as texts, where they can be: what only the stack knows stays a placeholder.

AWS CloudFormation User Guide, "Intrinsic function reference". The pseudo parameters that say where a stack is
(`AWS::AccountId`, `AWS::Region`) are those of the home it is deployed to.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ecsiam_tui.account.references import Home
from ecsiam_tui.ecs.definition_notes import Notes

ABSENT: Final = object()
"""What stands for a value that is not there (`AWS::NoValue`)."""


def plain(value: Any, path: str, notes: Notes) -> Any:
    """A value whose functions are resolved as far as the text allows; what is no function comes back as it
    is. `Ref` and `Fn::GetAtt` become `${…}`, `Fn::Sub` keeps its text, of `Fn::If` the first branch is taken.
    """
    for _ in range(100):  # functions that stand directly in each other; deeper the text is refused before
        if not isinstance(value, Mapping) or len(value) != 1:
            return value
        (name, argument), *_ = value.items()
        if name == "Fn::If":
            value = _branch(argument, path, notes)
        elif name == "Fn::Select":
            value = _selected(argument, path, notes)
        elif name == "Ref" and isinstance(argument, str):
            return ABSENT if argument == "AWS::NoValue" else f"${{{argument}}}"
        elif name.startswith("Fn::"):
            return _text(name, argument, path, notes)
        else:
            return value
    return value


def _branch(argument: Any, path: str, notes: Notes) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        return "${Fn::If}"
    _, then, otherwise = argument
    left_out = plain(then, path, notes) is ABSENT
    notes.add(path, f"depends on a condition: read as if it were {'not ' if left_out else ''}met")
    return otherwise if left_out else then


def _selected(argument: Any, path: str, notes: Notes) -> Any:
    """The item that is named; an index may be a text."""
    if not isinstance(argument, list) or len(argument) != 2:
        return "${Fn::Select}"
    index, items = argument
    if isinstance(items, Mapping) and list(items) == ["Fn::Split"]:
        items = _parts(items["Fn::Split"], path, notes)
    number = str(index) if isinstance(index, int | str) else ""
    known = isinstance(items, list) and number.isdecimal() and len(number) < 6 and int(number) < len(items)
    return items[int(number)] if known else "${Fn::Select}"


def _parts(argument: Any, path: str, notes: Notes) -> list[str]:
    """A text that is split. Of the ARN of one of the template's own resources the account and the region are
    those of the stack."""
    match argument:
        case [str() as separator, whole] if separator:
            text = plain(whole, path, notes)
            if isinstance(text, str) and separator == ":" and _OWN_ARN.fullmatch(text):
                return ["arn", "${AWS::Partition}", "${Fn::Select}", "${AWS::Region}", "${AWS::AccountId}"]
            if isinstance(text, str) and "${" not in text:
                return text.split(separator)
    return []


_OWN_ARN = re.compile(r"\$\{[A-Za-z0-9]{1,255}\.Arn\}")


def _text(name: str, argument: Any, path: str, notes: Notes) -> str:
    def inner(part: Any) -> str:
        made = plain(part, path, notes)
        if isinstance(made, Mapping | list) or made is None or made is ABSENT:
            return ""
        return str(made)

    match name, argument:
        case "Fn::Sub", str():
            return argument
        case "Fn::Sub", [str() as text, Mapping() as values]:
            for key, value in list(values.items())[:100]:
                text = text.replace(f"${{{key}}}", inner(value))
            return text
        case "Fn::GetAtt", str():
            return f"${{{argument}}}"
        case (("Fn::GetAtt" | "Fn::FindInMap"), list()):
            return f"${{{'.'.join(_bare(inner(part)) for part in argument)}}}"
        case "Fn::Join", [str() as separator, list() as parts]:
            return separator.join(inner(part) for part in parts)
        case "Fn::ImportValue", _ if text := _bare(inner(argument)):
            return f"${{{text}}}"
        case "Fn::Base64", _ if text := inner(argument):
            return text
    return f"${{{name}}}"


def _bare(text: str) -> str:
    """A text that goes into `${…}`: without the braces of placeholders of its own."""
    return text.replace("${", "").replace("{", "").replace("}", "")


def pseudo_parameters(home: Home) -> dict[str, str]:
    """`${AWS::…}` and what it is at home, as far as home is known. User Guide, "Pseudo parameters"."""
    suffix = "amazonaws.com.cn" if home.partition == "aws-cn" else "amazonaws.com"
    known = {
        "${AWS::AccountId}": home.account,
        "${AWS::Region}": home.region,
        "${AWS::Partition}": home.partition,
        "${AWS::URLSuffix}": suffix if home.partition else "",
    }
    return {name: value for name, value in known.items() if value}
