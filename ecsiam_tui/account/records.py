"""What every record is: frozen, keyword-only, and in a file spelled as AWS spells it.

A record decodes from the response of the AWS call that reads it (`msgspec.convert`), so a field needs no
mapping of its own and the JSON that a person sees is the JSON that AWS's own tools show. Two things differ
from AWS: tags are a plain `{key: value}` mapping everywhere, and values of environment variables never
reach a record (see `redact`).

`UNSET` in a field says *not read*; `None` says *read, and there is none*. Nothing may take the first for
the second.
"""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

__all__ = ["UNSET", "AwsPascal", "Json", "Known", "Record", "UnsetType"]

Json = dict[str, Any]
"""A part of a response that nothing here reads, kept whole."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """A record spelled in camelCase, as ECS, ECR and CloudWatch Logs do."""


class AwsPascal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="pascal", gc=False):
    """A record spelled in PascalCase, as IAM, EC2, KMS and Secrets Manager do."""


Known = str | None | UnsetType
"""A text that may not exist (None) or may not have been read (UNSET)."""
