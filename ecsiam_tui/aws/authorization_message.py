"""Encoded authorization messages, decoded by AWS for those who may."""

from collections.abc import Callable

from ecsiam_tui.aws.errors import classify
from ecsiam_tui.aws.session import AwsSession


def decoder(session: AwsSession, told: Callable[[str], None]) -> Callable[[str], str | None]:
    """What decodes a message with `sts:DecodeAuthorizationMessage` in the account that got it; None where
    that fails, and then `told` is given the reason, the first time. It never raises."""
    failed = False

    def decode(message: str) -> str | None:
        nonlocal failed
        if failed:
            return None
        try:
            answer = session.client("sts").decode_authorization_message(EncodedMessage=message)
        except Exception as error:  # decoding is a courtesy: the text is explained all the same
            failed = True
            told(f"the encoded message could not be decoded: {classify(error).message or error}")
            return None
        return str(answer.get("DecodedMessage") or "") or None

    return decode
