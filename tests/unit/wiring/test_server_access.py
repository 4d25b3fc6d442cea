from __future__ import annotations

import httpx2
import pytest

from swath.adapters.remote_session import RemoteRunSession
from swath.client.transport import Transport
from swath.core.errors import StaleLease
from swath.core.runs import RunState
from swath.wiring.server_access import ServerAccess


def nobody(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("connection refused")


def test_a_run_whose_server_is_gone_is_lost_and_not_failed() -> None:
    transport = Transport(
        "http://swath",
        "token",
        patience_s=0.0,
        out_of_reach=StaleLease,
        transport=httpx2.MockTransport(nobody),
    )
    with transport, pytest.raises(StaleLease, match="cannot be reached: connection refused"):
        RemoteRunSession(transport, "0" * 24, 1).enter(RunState.SAMPLING)


def test_a_token_is_not_in_the_representation() -> None:
    access = ServerAccess(url="http://swath", token="s3cret")
    with access.run_transport() as transport:
        assert "s3cret" not in repr(access) + repr(transport)
