"""Members of an answer that this version of botocore does not know: its parser leaves them out in silence.

Where a thing is read, changed and written whole, they would be lost.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def noticed(client: Any, operation: str) -> Iterator[set[str]]:
    """The names of such members in answers (JSON) of an operation, once it was called inside."""
    lost: set[str] = set()
    event = f"before-parse.{client.meta.service_model.service_id.hyphenize()}.{operation}"

    def look(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
        if response_dict.get("status_code", 500) < 300 and operation_model.output_shape is not None:
            try:
                data = json.loads(response_dict.get("body") or b"{}")
            except ValueError:
                return
            lost.update(_unknown(data, operation_model.output_shape))

    client.meta.events.register(event, look)
    try:
        yield lost
    finally:
        client.meta.events.unregister(event, look)


def _unknown(data: Any, shape: Any) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(data, dict):
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for key, value in data.items():
            if key in known:
                yield from _unknown(value, known[key])
            elif value not in (None, [], {}) and key != "__type":
                yield key
    elif shape.type_name == "list" and isinstance(data, list):
        for value in data:
            yield from _unknown(value, shape.member)
    elif shape.type_name == "map" and isinstance(data, dict):
        for value in data.values():
            yield from _unknown(value, shape.value)
