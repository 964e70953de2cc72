"""The guard in conftest.py: tests cannot leave this machine."""

import os
import socket
from pathlib import Path

import pytest


def test_a_connection_beyond_this_machine_is_refused() -> None:
    with socket.socket() as connection, pytest.raises(AssertionError, match="never the network"):
        connection.connect(("192.0.2.1", 443))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(AssertionError, match="never the network"):
        socket.create_connection(("sts.amazonaws.com", 443))


def test_this_machine_may_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_credentials_are_dummies() -> None:
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    assert not Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"]).exists()
