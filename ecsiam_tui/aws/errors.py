"""What went wrong, in words: why a call failed, and why a source cannot be read at all."""

from typing import Any, NamedTuple

import msgspec
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from ecsiam_tui.account.snapshot import GapReason
from ecsiam_tui.account.source import SourceError

EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
REFUSED_CODES = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId"}
)
CLOCK_CODES = frozenset({"SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed"})
THROTTLE_CODES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "SlowDown",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "LimitExceededException",
    }
)
UNSUPPORTED_CODES = frozenset(
    {
        "NotImplemented",
        "UnknownOperationException",
        "UnknownOperation",
        "InvalidAction",
        "UnsupportedOperation",
        "UnsupportedOperationException",
        "OptInRequired",
        "SubscriptionRequiredException",
        "500",  # botocore's code for a bare HTTP 500 without an AWS error in it, as a stand-in server sends
        "501",
    }
)
SIGNED_OUT = (
    boto.NoCredentialsError,
    boto.CredentialRetrievalError,
    boto.PartialCredentialsError,
    boto.TokenRetrievalError,
    boto.NoAuthTokenError,
    boto.SSOError,
    getattr(boto, "LoginError", boto.SSOError),  # newer than the oldest botocore that is taken
)
UNREACHABLE = (
    boto.ConnectionError,
    boto.HTTPClientError,
    boto.UnknownEndpointError,
    boto.EndpointProviderError,
)


class Failure(NamedTuple):
    """Why a call failed: the reason of its gap, the service's error code, its message in one line."""

    reason: GapReason
    code: str
    message: str


def one_line(text: object, limit: int = 300) -> str:
    """A message without line breaks, cut to `limit` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def error_code(error: BaseException) -> str:
    """The error code that the service sent, or the name of the exception."""
    if isinstance(error, boto.ClientError):
        return str(error.response.get("Error", {}).get("Code", "")) or type(error).__name__
    return type(error).__name__


def classify(error: Exception) -> Failure:
    """Why the call failed. Takes every exception: a call may answer with anything."""
    code = error_code(error)
    message = one_line(error)
    if isinstance(error, boto.ClientError):
        body: dict[str, Any] = error.response.get("Error", {})
        message = one_line(body.get("Message") or error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Failure(_reason_of_code(code, status, error.operation_name), code, message)
    if isinstance(error, SIGNED_OUT):
        return Failure("expired", code, message)
    if isinstance(error, UNREACHABLE):
        return Failure("unreachable", code, message)
    if isinstance(error, NotImplementedError | ResponseParserError | AttributeError):
        return Failure("unsupported", code, message)
    if isinstance(
        error, boto.ParamValidationError | boto.PaginationError | msgspec.ValidationError | KeyError
    ):
        return Failure("invalid", code, message)
    return Failure("failed", code, message)


def _reason_of_code(code: str, status: int, operation: str) -> GapReason:
    # A role's session that cannot be renewed ends the reading just as an expired token does.
    if code in EXPIRED_CODES or operation == "AssumeRole":
        return "expired"
    if code in THROTTLE_CODES or status == 429:
        return "throttled"
    if code in UNSUPPORTED_CODES or status == 501:
        return "unsupported"
    # Credentials that worked elsewhere and are not known here: the region is not enabled for the account.
    if "AccessDenied" in code or "Unauthorized" in code or code in REFUSED_CODES or status in (401, 403):
        return "denied"
    return "failed"


def explain(error: Exception, *, profile: str | None, endpoint: str | None = None) -> SourceError:
    """Why nothing can be read, in one line with the way out."""
    who = f'profile "{profile}"' if profile else "the AWS credentials found here"
    option = f" --profile {profile}" if profile else ""
    code = error_code(error)
    if isinstance(error, SourceError):
        return error
    if isinstance(error, boto.ProfileNotFound):
        return SourceError(
            f'There is no AWS profile "{profile or "of that name"}" in the AWS configuration:'
            " choose another with --profile, or make it with `aws configure --profile NAME`."
        )
    if isinstance(error, boto.ConfigParseError | boto.InfiniteLoopConfigError | boto.InvalidConfigError):
        return SourceError(f"The AWS configuration cannot be used: {one_line(error)}. Correct that file.")
    if isinstance(error, boto.NoRegionError):
        return no_region()
    if isinstance(error, boto.NoCredentialsError):
        return no_credentials(profile)
    if isinstance(error, boto.PartialCredentialsError):
        return SourceError(
            f"{who} cannot be used: {one_line(error)}. Complete them with `aws configure{option}`."
        )
    if type(error).__name__.startswith("Login"):
        return SourceError(f"The sign-in of {who} has ended: sign in again with `aws login{option}`.")
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.NoAuthTokenError):
        return SourceError(f"The sign-in of {who} has ended: sign in again with `aws sso login{option}`.")
    if isinstance(error, boto.CredentialRetrievalError):
        return SourceError(f"Credentials for {who} cannot be had: {one_line(error)}")
    if isinstance(error, boto.ClientError) and error.operation_name == "AssumeRole":
        return SourceError(
            f"The role cannot be assumed ({code}): {classify(error).message}"
            " Check --role-arn, and that its trust policy lets you in."
        )
    if code in EXPIRED_CODES:
        return SourceError(
            f"The session of {who} has expired: get a new one (`aws sso login{option}`, or your own way of"
            " signing in) and start again."
        )
    if code in REFUSED_CODES:
        return SourceError(
            f"AWS does not accept {who} ({code}): they are wrong or deleted, or the region is not enabled."
            " Try `aws sts get-caller-identity`, or another --profile or --region."
        )
    if code in CLOCK_CODES:
        return SourceError(
            f"AWS does not accept the signature of {who} ({code}): check the secret key and this machine's"
            " clock."
        )
    if isinstance(error, UNREACHABLE):
        where = endpoint or "AWS"
        way_out = "--endpoint-url" if endpoint else "the network, the proxy and --region"
        return SourceError(f"{where} cannot be reached: {one_line(error)}. Check {way_out}.")
    return SourceError(f"AWS cannot be read ({code}): {classify(error).message}")


def no_region() -> SourceError:
    """No region was named anywhere."""
    return SourceError(
        "No AWS region is set: name one with --region (for example --region eu-west-1), or set AWS_REGION or"
        " the region of your profile."
    )


def no_credentials(profile: str | None) -> SourceError:
    """No credentials were found anywhere."""
    of = f' for profile "{profile}"' if profile else ""
    option = f" --profile {profile}" if profile else ""
    return SourceError(
        f"No AWS credentials were found{of}: sign in with `aws sso login{option}` or `aws configure{option}`,"
        " or choose a --profile. Without an account, try `ecsiam-tui demo`."
    )
