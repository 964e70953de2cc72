"""Executing: one call of a plan at a time, sent once, and again only where that is right.

botocore's own retries are off for these calls: they would send a call again of which nobody knows whether it
took effect. What is sent again, and why, is here.
"""

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from botocore import exceptions as boto
from botocore import xform_name
from botocore.parsers import ResponseParserError

from ecsiam_tui.aws import effects, unknown_members
from ecsiam_tui.aws.errors import EXPIRED_CODES, SIGNED_OUT, THROTTLE_CODES, error_code, one_line
from ecsiam_tui.aws.rollout import look_at
from ecsiam_tui.aws.session import AwsSession
from ecsiam_tui.changes.calling import Call
from ecsiam_tui.changes.going_back import replaced_in
from ecsiam_tui.changes.looking import ChangeError
from ecsiam_tui.changes.preparing import parameters, refusal
from ecsiam_tui.changes.sending import Rollout, SendError, Sent, Tell

PATIENCE = 60.0
"""Seconds for which a call is sent again while IAM's changes spread, or AWS throttles."""

UNANSWERED = 4
"""How often a call is sent of which no answer arrives."""

UNSURE = (
    boto.ReadTimeoutError,
    boto.ConnectionClosedError,
    boto.HTTPClientError,
    boto.ResponseStreamingError,
    ResponseParserError,
)
"""The call was sent, and it was not said what became of it."""

STAND_IN_PAUSE = 0.5
"""Seconds between looks at a stand-in for AWS: what happens there happens because somebody looks."""

NOT_SENT = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError, boto.SSLError)
"""Nobody was reached."""

_LATE: tuple[tuple[str, str, float], ...] = (
    # IAM User Guide, "Changes that I make are not always immediately visible", and what ECS, EventBridge and
    # IAM say meanwhile of a role or principal that was just made.
    ("ClientException", "unable to assume the role", PATIENCE),
    ("InvalidParameterException", "unable to assume", PATIENCE),
    ("ClientException", "Role is not valid", PATIENCE),
    ("ValidationException", "Role is not valid", PATIENCE),
    ("ValidationException", "must allow AWS EventBridge Scheduler to assume the role", PATIENCE),
    ("ValidationException", "cannot be assumed by principal", PATIENCE),
    ("MalformedPolicyDocument", "Invalid principal in policy", PATIENCE),
    ("MalformedPolicyDocumentException", "principal", PATIENCE),
    ("InvalidParameterException", "Invalid principal", PATIENCE),
    ("DeleteConflict", "", 15.0),
    ("ConcurrentModification", "", PATIENCE),
    ("ConcurrentModificationException", "", PATIENCE),
    ("EntityTemporarilyUnmodifiable", "", PATIENCE),
)
"""Error codes and parts of messages that pass by themselves, and for how long (seconds) that is believed."""

_ANSWERS: dict[str, tuple[str, ...]] = {"CreatePolicyVersion": ("PolicyVersion", "VersionId")}


class Executor:
    """Sends calls with the credentials of a session. Implements `changes.sending.Sender`.

    `patience` in seconds.
    """

    def __init__(
        self,
        session: AwsSession,
        *,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._session = session
        self._sleep = sleep
        self._clock = clock
        self._patience = patience
        self._made: set[str] = set()

    def note(self, call: Call, names: Mapping[str, str]) -> str:
        """What tells afterwards whether a call took effect that must not be sent twice. Raises SendError."""
        if call.harmless_twice:
            return ""
        return self._reading(lambda: effects.note(self._session, _renamed(call, names)))

    def took_effect(self, call: Call, names: Mapping[str, str], note: str) -> Sent | None:
        """Looks whether a call took effect, where sending it again would do harm, or where looking is
        simpler. Raises SendError."""
        if call.harmless_twice and call.operation not in effects.LOOKED_UP:
            return None
        call = _renamed(call, names)
        answer = self._reading(lambda: effects.found(self._session, call, note, self._parameters(call)))
        return None if answer is None else Sent(answer)

    def send(self, call: Call, names: Mapping[str, str], note: str, tell: Tell) -> Sent:
        """Send a call until it is answered. Raises SendError."""
        call = _renamed(call, names)
        given = self._reading(lambda: self._parameters(call))
        since = self._clock()
        unanswered = 0
        pause = 1.0
        while True:
            try:
                answer = self._call(call, given)
            except Exception as error:  # a call may fail in any way; each has its meaning
                if unsure(error):
                    unanswered += 1
                    tell(f"no answer ({error_code(error)}); looking whether it took effect")
                    if (sent := self._found(call, names, note, error)) is not None:
                        return sent
                    if unanswered >= UNANSWERED:
                        raise SendError(
                            f"no answer after {unanswered} attempts ({error_code(error)}: {one_line(error)});"
                            " resuming or rolling back begins with looking whether it took effect",
                            code=error_code(error),
                            unsure=True,
                        ) from error
                elif (sent := self._already(call, given, error)) is not None:
                    return sent
                elif self._clock() - since < min(self._patience, self._passes(error, call)):
                    tell(f"{error_code(error)}: waiting")
                else:
                    raise _refused(error) from error
                self._sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - not for secrets
                pause = min(pause * 2, 10.0)
                continue
            if refused := refusal(call, answer):
                raise SendError(refused)
            if call.operation.startswith("Create"):
                self._made |= _names_in(given)
            return Sent(_told(call, answer))

    def rollout(self, service: str, deployment: str, wanted: str) -> Rollout:
        """How far a deployment is; a failure to ask is a state that says so."""
        try:
            return look_at(self._session, service, deployment, wanted)
        except Exception as error:  # looking on is a courtesy: whatever goes wrong is said
            return Rollout(service, "unknown", deployment, reason=one_line(error))

    def wait(self, seconds: float) -> None:
        """Wait before asking again; a stand-in for AWS needs no time."""
        self._sleep(seconds if self._session.paced else min(seconds, STAND_IN_PAUSE))

    # -- one call --------------------------------------------------------------------------------------

    def _parameters(self, call: Call) -> dict[str, Any]:
        """The exact parameters, with what is read anew for them."""
        if call.base is None:
            return parameters(call)
        base = call.base
        client = self._session.client(base.service, call.region)
        with unknown_members.noticed(client, base.operation) as lost:
            answer = getattr(client, xform_name(base.operation))(**base.parameters)
        if lost:
            # RegisterTaskDefinition, PutTargets and UpdateSchedule replace the thing whole.
            raise ChangeError(
                f"AWS answered what this version of botocore does not know ({', '.join(sorted(lost))}), and"
                " it would be lost: update boto3"
            )
        return parameters(call, answer)

    def _call(self, call: Call, given: dict[str, Any]) -> dict[str, Any]:
        client = self._session.client(call.service, call.region or None, once=True)
        answer: dict[str, Any] = getattr(client, xform_name(call.operation))(**given)
        return answer

    def _passes(self, error: Exception, call: Call) -> float:
        """For how many seconds it is believed that what is wrong passes; something that was made a moment
        ago is not everywhere yet."""
        if error_code(error) == "NoSuchEntity" and self._made & _names_in(call.parameters):
            return PATIENCE
        return passes(error)

    def _reading(self, read: Callable[[], Any]) -> Any:
        """Something that only reads; what goes wrong is refused before anything was sent."""
        try:
            return read()
        except ChangeError as error:
            raise SendError(str(error)) from error
        except Exception as error:  # as above
            raise _refused(error) from error

    def _found(self, call: Call, names: Mapping[str, str], note: str, error: Exception) -> Sent | None:
        try:
            return self.took_effect(call, names, note)
        except SendError as failed:
            raise SendError(
                f"no answer ({error_code(error)}), and whether it took effect cannot be told: {failed}",
                code=error_code(error),
                unsure=True,
                expired=failed.expired,
            ) from error

    def _already(self, call: Call, given: dict[str, Any], error: Exception) -> Sent | None:
        """Whether the error says that it is as wanted already."""
        if not isinstance(error, boto.ClientError):
            return None
        if not effects.may_be_so(call, error_code(error), str(error)):
            return None
        differs = self._reading(lambda: effects.differs(self._session, call, given))
        if differs:
            raise SendError(
                f"{differs}: choose another name, or change what is there", code=error_code(error)
            )
        return Sent(already=True)


def unsure(error: Exception) -> bool:
    """Whether the call may have taken effect all the same."""
    if isinstance(error, NOT_SENT):
        return False
    if isinstance(error, boto.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return bool(status >= 500 and error_code(error) not in THROTTLE_CODES)
    return isinstance(error, UNSURE)


def passes(error: Exception) -> float:
    """For how many seconds it is believed that what is wrong passes by itself; 0 where it does not."""
    if isinstance(error, NOT_SENT):
        return PATIENCE
    if not isinstance(error, boto.ClientError):
        return 0.0
    code, message = error_code(error), str(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    # LimitExceededException is a quota here, not a rate.
    if status == 429 or (code in THROTTLE_CODES and code != "LimitExceededException"):
        return PATIENCE
    return next((span for known, part, span in _LATE if code == known and part in message), 0.0)


def _names_in(given: Mapping[str, Any]) -> set[str]:
    """The names of roles and policies in a call's parameters."""
    names = (given.get(key, "") for key in ("RoleName", "PolicyName", "PolicyArn", "PermissionsBoundary"))
    return {str(name).rsplit("/", 1)[-1] for name in names if name}


def _refused(error: Exception) -> SendError:
    code = error_code(error)
    if code in EXPIRED_CODES or isinstance(error, SIGNED_OUT):
        return SendError(
            f"the session has expired ({code}): sign in again, then resume the apply or roll it back",
            code=code,
            expired=True,
        )
    message = one_line(error)
    if isinstance(error, boto.ParamValidationError):
        # It names the values, too, and they may be those of environment variables.
        message = "; ".join(line.partition(", value:")[0] for line in str(error).splitlines())
    if isinstance(error, boto.ClientError):
        message = one_line(error.response.get("Error", {}).get("Message") or error)
    return SendError(f"{code}: {message}", code=code)


def _told(call: Call, answer: dict[str, Any]) -> str:
    """What AWS named what was made; of a service the deployment that began."""
    if call.operation == "UpdateService":
        return effects.primary(answer.get("service", {}))
    found: Any = answer
    for key in call.answer or _ANSWERS.get(call.operation, ()):
        found = found[key]
    return found if isinstance(found, str) else ""


def _renamed(call: Call, names: Mapping[str, str]) -> Call:
    if not names:
        return call
    guess = call.guess
    renamed: Call = msgspec.convert(replaced_in(msgspec.to_builtins(call), dict(names)), Call)
    return msgspec.structs.replace(renamed, guess=guess)
