"""moto made quick and quiet: what it computes or reads twice, it does once.

None of this changes what moto answers. It takes the demo's start from about three seconds to one and a half.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import moto.core.utils
import moto.kms.models
from moto.core.base_backend import BaseBackend

_LOGGERS = ("moto", "werkzeug", "responses")

_descriptions: dict[str, Any] = {}
"""Service descriptions that botocore has read for a client, by service. moto needs the same ones."""

_load_by_moto = moto.core.utils._load_service_model


def share_description(client: Any) -> None:
    """Let moto use the service description that this client was made from; they are large files of JSON."""
    model = client.meta.service_model
    _descriptions[model.service_name] = model._service_description


def _load_service_model(service_name: str, model_name: str) -> Any:
    if model_name == "service-2" and service_name in _descriptions:
        return _descriptions[service_name]
    return _load_by_moto(service_name, model_name)


_urls_by_moto: property = BaseBackend.urls


def _urls(backend: BaseBackend) -> dict[str, Any]:
    """moto builds this table anew for every request; it depends on the class of the backend alone."""
    kept: dict[str, Any] | None = vars(backend).get("_kept_urls")
    if kept is None:
        kept = vars(backend)["_kept_urls"] = _urls_by_moto.__get__(backend)
    return kept


@contextmanager
def tuned() -> Iterator[None]:
    """Everything here, for as long as an account is up."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    for name in levels:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"moto(\.|$)")
    try:
        with (
            patch.object(moto.core.utils, "_load_service_model", _load_service_model),
            patch.object(BaseBackend, "urls", property(_urls)),
        ):
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def without_key_material() -> Iterator[None]:
    """KMS keys made inside have no RSA key, which symmetric keys do not use and which takes 30 ms each."""
    with patch.object(moto.kms.models, "generate_private_key", lambda _spec: None):
        yield
