from __future__ import annotations

import socket
from pathlib import Path

import pytest

from swath.settings import load_settings
from swath.wiring.server import open_server


def test_small_answers_do_not_wait_for_an_acknowledgement(tmp_path: Path) -> None:
    settings = load_settings({}, home=tmp_path / "home")
    with open_server(settings, host="127.0.0.1", port=0, note=pytest.fail) as served:
        address = served.listener.getsockname()
        with socket.create_connection(address), served.listener.accept()[0] as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
