"""Python's collector of cycles, kept away while much is made that stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused(*, freeze: bool = False) -> Iterator[None]:
    """No collection meanwhile: it would walk hundreds of thousands of objects over and over and find nothing.
    With `freeze` what was made is left out of later collections too, which would stop a screen for a tenth of
    a second each time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if freeze:
            gc.freeze()
        if enabled:
            gc.enable()
