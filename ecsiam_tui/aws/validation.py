"""Whether AWS would take the parameters of calls: asked of botocore's own validator and models, offline."""

from functools import lru_cache
from typing import Any

import botocore.session
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError, ServiceModel
from botocore.validate import ParamValidator

from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.preparing import parameters


@lru_cache(maxsize=32)
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def problems(service: str, operation: str, given: dict[str, Any]) -> tuple[str, ...]:
    """What is wrong with the parameters of an operation, in botocore's words; nothing where it would be
    sent."""
    try:
        shape = _model(service).operation_model(operation).input_shape
    except UnknownServiceError:
        return (f"botocore knows no service {service}",)
    except OperationNotFoundError:
        return (f"botocore knows no operation {operation} of {service}; a newer boto3 may",)
    if shape is None:
        return (f"{operation} of {service} takes no parameters",) if given else ()
    report = ParamValidator().validate(given, shape)
    return tuple(report.generate_report().splitlines()) if report.has_errors() else ()


def problems_of(call: Call, answer: dict[str, Any] | None = None) -> tuple[str, ...]:
    """What is wrong with a call and with what it reads first. `answer` is what its base answered; without it
    a call with a base is looked at only as far as the base goes."""
    found: tuple[str, ...] = ()
    if call.base is not None:
        found = problems(call.base.service, call.base.operation, call.base.parameters)
        if answer is None:
            return found
    try:
        given = parameters(call, answer)
    except ChangeError as error:
        return (*found, str(error))
    return (*found, *problems(call.service, call.operation, given))
