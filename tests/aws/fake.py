"""A stand-in for AWS below botocore's clients: it checks every request and answer against botocore's model.

It pages as AWS pages, and any operation can be made to fail, which moto cannot do.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

Handler = Callable[[dict[str, Any]], dict[str, Any]]


def client_error(code: str, message: str = "no", status: int = 400, operation: str = "Op") -> ClientError:
    """An error as botocore raises it."""
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},
        operation,
    )


def paged(
    items: list[Any],
    member: str,
    *,
    size: int,
    limit: str = "maxResults",
    token: tuple[str, str] = ("nextToken",) * 2,
) -> Handler:
    """A listing that gives at most as many items as asked for, and never more than `size`."""

    def handler(parameters: dict[str, Any]) -> dict[str, Any]:
        start = int(parameters.get(token[1], 0))
        end = start + min(size, parameters.get(limit, size))
        answer: dict[str, Any] = {member: items[start:end]}
        if end < len(items):
            answer[token[0]] = str(end)
        return answer

    return handler


class FakeAws:
    """Handlers by operation (`ecs:ListClusters`). What has none raises NotImplementedError."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self.handlers = dict(handlers)
        self.failures: dict[str, Exception | Callable[[dict[str, Any]], Exception | None]] = {}
        self.asked: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.before: Callable[[str], None] = lambda _: None

    def call(self, client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        """Stands for BaseClient._make_api_call."""
        service = client.meta.service_model.service_name
        name = f"{service}:{operation}"
        model = client.meta.service_model.operation_model(operation)
        self.asked[name] += 1
        self.requests.append((name, parameters))
        self.before(name)
        if model.input_shape is not None:
            report = ParamValidator().validate(parameters, model.input_shape)
            assert not report.has_errors(), f"{name}: {report.generate_report()}"
        failure = self.failures.get(name)
        if callable(failure):
            failure = failure(parameters)
        if failure is not None:
            raise failure
        if name not in self.handlers:
            raise NotImplementedError(name)
        answer = self.handlers[name](parameters)
        if isinstance(answer, dict) and not answer.pop("_nonsense", False):
            report = ParamValidator().validate(answer, model.output_shape)
            assert not report.has_errors(), f"{name}: {report.generate_report()}"
        return answer

    @contextmanager
    def installed(self) -> Iterator["FakeAws"]:
        """While open, every client of botocore asks this."""
        fake = self

        def call(self: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
            return fake.call(self, operation, parameters)

        with patch.object(BaseClient, "_make_api_call", call):
            yield self


def denied(operation: str = "Op") -> ClientError:
    """AccessDenied as most services say it."""
    return client_error("AccessDeniedException", "User is not authorized", 400, operation)
