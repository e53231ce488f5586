"""TLS that cannot be trusted: no retry, no downgrade, no key on the wire (rows A5 to A7)."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from comet_async import Session, comet
from comet_async.errors import CometAsyncError, TlsError, UsageError
from comet_async.server import LocalServer, garbage_port
from tests.faults.support_client import QUICK, asset, here, names_in
from tests.faults.support_network import certificate
from tests.support.raw_server import RawServer, answer, raw_server

WORKSPACES = b'{"workspaceNames": ["team"]}'
SWITCHES = {
    "PYTHONHTTPSVERIFY": "0",
    "CURL_CA_BUNDLE": "",
    "REQUESTS_CA_BUNDLE": "",
    "COMET_INTERNAL_CHECK_TLS_CERTIFICATE": "false",
    "COMET_CHECK_TLS_CERTIFICATE": "false",
    "NODE_TLS_REJECT_UNAUTHORIZED": "0",
    "GIT_SSL_NO_VERIFY": "1",
}


async def refused(server: RawServer, tls: str | None) -> TlsError:
    """Return the error of one call over https that must end in it, at the first attempt."""
    url = f"https://127.0.0.1:{server.port}"
    async with Session(here(url, tls=tls), retry=QUICK) as session:
        with pytest.raises(TlsError) as caught:
            await session.send(comet.get_workspaces())
    assert session.counters.requests == 1
    assert session.counters.retries == 0
    assert len(caught.value.attempts) == 1
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert not caught.value.sent
    return caught.value


async def test_a5_trusted_certificate_is_accepted(ca: trustme.CA, bundle: str) -> None:
    async with raw_server(answer(WORKSPACES), tls=certificate(ca)) as server:
        url = f"https://127.0.0.1:{server.port}"
        async with Session(here(url, tls=bundle)) as session:
            found = await session.send(comet.get_workspaces())
    assert found.workspace_names == ["team"]


async def test_a5_untrusted_certificate_ends_the_call_at_once(ca: trustme.CA) -> None:
    async with raw_server(answer(WORKSPACES), tls=certificate(ca)) as server:
        error = await refused(server, None)
    assert f"no trusted TLS connection to 127.0.0.1:{server.port}" in str(error)
    assert "certificate" in str(error).lower()
    assert server.heard == []
    assert server.connections <= 1


async def test_a5_untrusted_certificate_fails_downloads_and_fan_outs(
    ca: trustme.CA, tmp_path: Path
) -> None:
    async with (
        raw_server(answer(WORKSPACES), tls=certificate(ca)) as server,
        Session(here(f"https://127.0.0.1:{server.port}"), retry=QUICK) as session,
    ):
        with pytest.raises(TlsError):
            await session.download(asset(), tmp_path / "file")
        found = await session.collect((n, comet.get_workspaces()) for n in range(3))
    assert {type(error) for error in found.failed.values()} == {TlsError}
    assert server.heard == []
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("fault", ["a6_wrong_host_name", "a6_expired"])
async def test_a6_certificate_of_another_host_or_time(
    ca: trustme.CA, bundle: str, fault: str
) -> None:
    context = (
        certificate(ca, expired=True) if fault == "a6_expired" else certificate(ca, "other.test")
    )
    async with raw_server(answer(WORKSPACES), tls=context) as server:
        error = await refused(server, bundle)
    assert ("expired" in str(error)) == (fault == "a6_expired")
    assert ("mismatch" in str(error)) == (fault == "a6_wrong_host_name")
    assert server.heard == []


async def test_a6_no_environment_variable_switches_checks_off(
    ca: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SWITCHES.items():
        monkeypatch.setenv(name, value)
    async with raw_server(answer(WORKSPACES), tls=certificate(ca)) as server:
        await refused(server, None)
    assert server.heard == []


@pytest.mark.parametrize("fault", ["no_verification", "no_host_name"])
async def test_a6_context_that_does_not_verify_is_refused(fault: str) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    if fault == "no_verification":
        context.verify_mode = ssl.CERT_NONE
    with pytest.raises(UsageError, match="does not verify"):
        async with Session(here("https://127.0.0.1:9", tls=context)):
            pass


async def test_a7_peer_that_talks_garbage_is_a_tls_error() -> None:
    with garbage_port() as port:
        async with Session(here(f"https://127.0.0.1:{port}"), retry=QUICK) as session:
            with pytest.raises(TlsError) as caught:
                await session.send(comet.get_workspaces())
    assert len(caught.value.attempts) == 1
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


async def test_a7_https_to_a_plain_http_port_is_a_tls_error() -> None:
    async with LocalServer() as server:
        port = server.ports[0]
        async with Session(here(f"https://127.0.0.1:{port}"), retry=QUICK) as session:
            with pytest.raises(TlsError) as caught:
                await session.send(comet.get_workspaces())
    assert len(caught.value.attempts) == 1
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert server.log.total == 0


async def test_a7_plain_http_to_a_tls_port_is_a_typed_error(ca: trustme.CA) -> None:
    async with (
        raw_server(answer(WORKSPACES), tls=certificate(ca)) as server,
        Session(here(f"http://127.0.0.1:{server.port}"), retry=QUICK) as session,
    ):
        with pytest.raises(CometAsyncError) as caught:
            await session.send(comet.get_workspaces())
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert server.heard == []
