from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from comet_async.server import FAULT_NAMES, FaultRule, LocalServer, SyntheticSpec

SPEC = SyntheticSpec(experiments=3, points=40, assets=1, asset_bytes=5000)
PROJECTS = "/api/rest/v2/projects?workspaceName=synthetic"
EXPERIMENTS = "/api/rest/v2/experiments?workspaceName=synthetic&projectName=synthetic"


@dataclass
class Received:
    """What came over the wire for one request."""

    data: bytes
    ended: str

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    def header(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return None


async def fetch(
    server: LocalServer, target: str = PROJECTS, *, patience: float = 5, **headers: str
) -> Received:
    """Send one raw request and return all bytes until the end or until patience is over."""
    port = server.ports[0]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    named = {"Host": f"127.0.0.1:{port}", "Authorization": "k", "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    data = bytearray()
    try:
        writer.write(f"GET {target} HTTP/1.1\r\n{lines}\r\n".encode())
        async with asyncio.timeout(patience):
            while chunk := await reader.read(65536):
                data += chunk
        ended = "closed"
    except ConnectionResetError:
        ended = "reset"
    except TimeoutError:
        ended = "patience"
    finally:
        writer.close()
    return Received(bytes(data), ended)


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer(synthetic=SPEC, storage=True) as running:
        yield running


@pytest.fixture
async def clean(server: LocalServer) -> Any:
    """The right answer of the projects call."""
    return json.loads((await fetch(server)).body)


async def asset_target(server: LocalServer) -> str:
    key = json.loads((await fetch(server, EXPERIMENTS)).body)["experiments"][0]["experimentKey"]
    listing = await fetch(server, f"/api/rest/v2/experiment/asset/list?experimentKey={key}")
    asset = json.loads(listing.body)["assets"][0]["assetId"]
    return f"/api/rest/v2/experiment/asset/get-asset?experimentKey={key}&assetId={asset}"


async def test_every_fault_is_covered_here_or_changes_an_answer(server: LocalServer) -> None:
    for name in sorted(FAULT_NAMES - {"gzip_bomb", "huge_string"}):
        server.faults.clear()
        right = await fetch(server)
        server.faults.add(name, "storage" if name == "redirect" else None)
        began = time.monotonic()
        wrong = await fetch(server, patience=0.5)
        changed = (wrong.data, wrong.ended) != (right.data, right.ended)
        slow = time.monotonic() - began > 0.2
        content_only = {"size_lies", "etag_change", "range_ignored", "range_mismatch"}
        content_only |= {"range_short_total", "no_etag", "weak_etag", "close_after", "storm429"}
        content_only |= {"missing_experiment"}
        assert changed or slow or name in content_only, name
        assert server.log[-1].fault == name


async def test_an_unknown_fault_is_refused(server: LocalServer) -> None:
    with pytest.raises(ValueError, match="unknown fault nonsense"):
        server.faults.add("nonsense")


@pytest.mark.parametrize(
    ("argument", "status", "header", "value"),
    [
        (503, 503, "Retry-After", None),
        ({"status": 429, "retry_after": 3}, 429, "Retry-After", "3"),
        ({"status": 429, "retry_after": 0.5}, 429, "Retry-After", "0.5"),
        ({"status": 503, "retry_after": "huge"}, 503, "Retry-After", "86400"),
        ({"status": 503, "retry_after": "negative"}, 503, "Retry-After", "-5"),
        ({"status": 429, "retry_after": "garbage"}, 429, "Retry-After", "soon, perhaps"),
        ({"status": 429, "retry_after_custom": 7}, 429, "Retry-After-Custom", "7"),
        ({"status": 418, "X-Anything": "x"}, 418, "X-Anything", "x"),
    ],
)
async def test_statuses_with_their_headers(
    server: LocalServer, argument: Any, status: int, header: str, value: str | None
) -> None:
    server.faults.add("status", argument)
    answer = await fetch(server)
    assert (answer.status, answer.header(header)) == (status, value)
    assert set(json.loads(answer.body)) == {"msg", "code", "data", "sdk_error_code"}


async def test_retry_after_as_a_date_and_from_a_skewed_clock(server: LocalServer) -> None:
    server.faults.add("status", {"status": 429, "retry_after": "date", "seconds": 30}, times=1)
    server.faults.add("status", {"status": 429, "retry_after": "skewed", "seconds": 30})
    for ahead in (0, 86_400):
        answer = await fetch(server)
        sent = parsedate_to_datetime(str(answer.header("Date"))).timestamp()
        until = parsedate_to_datetime(str(answer.header("Retry-After"))).timestamp()
        assert 28 <= until - sent <= 32
        assert abs(sent - time.time() - ahead) < 5


async def test_rules_are_limited_by_match_times_and_method(server: LocalServer) -> None:
    rule = server.faults.add("status", 500, "workspaces", times=2)
    server.faults.add("status", 501, r"projects\?workspaceName=s", method="POST")
    statuses = [(await fetch(server, "/api/rest/v2/workspaces")).status for _ in range(3)]
    assert (statuses, server.faults.hits(rule)) == ([500, 500, 200], 2)
    assert (await fetch(server)).status == 200


async def test_per_key_counts_each_request_on_its_own(server: LocalServer) -> None:
    server.faults.add("status", 500, per_key=2)
    first = [(await fetch(server, f"{PROJECTS}&a=1")).status for _ in range(4)]
    second = [(await fetch(server, f"{PROJECTS}&a=2")).status for _ in range(3)]
    assert (first, second) == ([500, 500, 200, 200], [500, 500, 200])


async def test_chance_is_reproducible() -> None:
    runs: list[list[int]] = []
    for seed in (1, 1, 2):
        async with LocalServer(synthetic=SPEC, seed=seed) as server:
            server.faults.add(FaultRule("status", 500, probability=0.5))
            runs.append([(await fetch(server)).status for _ in range(20)])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert {200, 500} == set(runs[0])


async def test_storm(server: LocalServer) -> None:
    server.faults.add("storm429", 0.5)
    answers = [await fetch(server) for _ in range(20)]
    assert {answer.status for answer in answers} == {200, 429}
    assert {answer.header("Retry-After") for answer in answers if answer.status == 429} == {"1"}


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "start"),
    [
        ("error_200", 200, "application/json", b'{"msg":"scripted error","code":400'),
        ("html_login", 200, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("html_502", 502, "text/html; charset=utf-8", b"<html>"),
        ("no_content", 204, None, b""),
        ("empty_200", 200, "application/json", b""),
        ("json_as_octet", 200, "application/octet-stream", b'{"projects"'),
    ],
)
async def test_wrong_kinds_of_answer(
    server: LocalServer, fault: str, status: int, content_type: str | None, start: bytes
) -> None:
    server.faults.add(fault)
    answer = await fetch(server)
    assert (answer.status, answer.header("Content-Type")) == (status, content_type)
    assert answer.body.startswith(start)
    assert bool(answer.body) == bool(start)


async def test_mutations_of_json_values(server: LocalServer, clean: Any) -> None:
    async def mutated(fault: str, argument: Any = None) -> Any:
        server.faults.clear()
        server.faults.add(fault, argument)
        return json.loads((await fetch(server)).body)

    row = clean["projects"][0]
    wrong = (await mutated("wrong_types"))["projects"][0]
    assert set(map(str, wrong.values())) == {"{'unexpected': True}"}
    one = (await mutated("wrong_types", "projectName"))["projects"][0]
    assert one == row | {"projectName": {"unexpected": True}}
    nulls = (await mutated("null_fields"))["projects"][0]
    assert set(nulls.values()) == {None}
    assert (await mutated("missing_fields"))["projects"] == [{}]
    without = (await mutated("missing_fields", "projectId"))["projects"][0]
    assert without == {key: value for key, value in row.items() if key != "projectId"}
    extra = await mutated("extra_fields")
    assert extra["unexpectedMember"] == extra["projects"][0]["unexpectedMember"]
    assert {**extra["projects"][0], "unexpectedMember": 0} == row | {"unexpectedMember": 0}
    texts = (await mutated("string_ints"))["projects"][0]
    assert texts["numberOfExperiments"] == "3"
    assert texts["public"] is True
    floats = (await mutated("float_ints"))["projects"][0]
    assert isinstance(floats["numberOfExperiments"], float)
    assert await mutated("duplicate_keys") == clean


@pytest.mark.parametrize(
    ("fault", "token"),
    [
        ("nan_token", b'"numberOfExperiments":NaN'),
        ("inf_token", b'"numberOfExperiments":-Infinity'),
        ("number_1e999", b'"numberOfExperiments":1e999'),
        ("bigint", b'"numberOfExperiments":1234567890123456789012345678901234567890'),
        ("bad_utf8", b'"numberOfExperiments":"\xff\xfe\x80"'),
        ("lone_surrogate", b'"numberOfExperiments":"\\ud800"'),
    ],
)
async def test_planted_tokens(server: LocalServer, fault: str, token: bytes) -> None:
    server.faults.add(fault, times=1)
    server.faults.add(fault, "projectName")
    assert token in (await fetch(server)).body
    assert token.partition(b":")[2] in (await fetch(server)).body.partition(b'"projectName":')[2]


async def test_broken_documents(server: LocalServer) -> None:
    right = (await fetch(server)).body
    bodies: dict[str, bytes] = {}
    for fault, argument in (
        ("invalid_json", None),
        ("truncated_json", 0.25),
        ("trailing_junk", None),
        ("duplicate_keys", None),
        ("deep_nesting", 1000),
        ("huge_string", 1000),
        ("bom", None),
    ):
        server.faults.clear()
        server.faults.add(fault, argument)
        answer = await fetch(server)
        assert answer.header("Content-Length") == str(len(answer.body))
        bodies[fault] = answer.body
    for fault in ("invalid_json", "truncated_json", "trailing_junk"):
        with pytest.raises(ValueError, match=r"Expecting|Extra data|Unterminated"):
            json.loads(bodies[fault])
    assert bodies["truncated_json"] == right[: len(right) // 4]
    assert bodies["duplicate_keys"].startswith(b'{"projects":null,"projects":[')
    assert bodies["deep_nesting"] == b"[" * 1000 + b"]" * 1000
    assert len(json.loads(bodies["huge_string"])["hugeText"]) == 1000
    assert json.loads(bodies["huge_string"])["projects"] == json.loads(right)["projects"]
    assert bodies["bom"] == b"\xef\xbb\xbf" + right


async def test_truncation_with_a_length_and_in_chunks(server: LocalServer) -> None:
    right = (await fetch(server)).body
    server.faults.add("truncate_length", 0.5)
    answer = await fetch(server)
    assert (answer.header("Content-Length"), answer.ended) == (str(len(right)), "closed")
    assert answer.body == right[: len(right) // 2]
    server.faults.clear()
    server.faults.add("truncate_chunked", 0.5)
    answer = await fetch(server)
    size, _, rest = answer.body.partition(b"\r\n")
    assert answer.header("Transfer-Encoding") == "chunked"
    assert rest == right[: int(size, 16)] + b"\r\n"
    server.faults.clear()
    server.faults.add("bad_chunk")
    assert (await fetch(server)).body.endswith(b"zz\r\nno size\r\n")
    server.faults.clear()
    server.faults.add("eof_truncated", 0.5)
    answer = await fetch(server)
    assert (answer.header("Content-Length"), answer.header("Connection")) == (None, "close")
    assert answer.body == right[: len(right) // 2]


async def test_gzip_damage_has_the_right_length(server: LocalServer) -> None:
    right = (await fetch(server)).body
    for fault in ("corrupt_gzip", "truncated_gzip"):
        server.faults.clear()
        server.faults.add(fault)
        answer = await fetch(server)
        assert answer.header("Content-Encoding") == "gzip"
        assert answer.header("Content-Length") == str(len(answer.body))
        with pytest.raises((zlib.error, EOFError, OSError)):
            gzip.decompress(answer.body)
    early = zlib.decompressobj(31).decompress(answer.body)
    assert right.startswith(early)


async def test_gzip_bomb_unpacks_to_a_thousand_times_its_size(server: LocalServer) -> None:
    server.faults.add("gzip_bomb", 64 << 20)
    answer = await fetch(server)
    assert len(answer.body) < 100_000
    unpacked = gzip.decompress(answer.body)
    assert len(unpacked) == (64 << 20) + 11
    assert unpacked[:12] == b'{"bomb":"000'
    assert unpacked[-4:] == b'00"}'


async def test_the_full_bomb_is_one_mebibyte_on_the_wire(server: LocalServer) -> None:
    server.faults.add("gzip_bomb")
    answer = await fetch(server, patience=15)
    assert 900_000 < len(answer.body) < 1_200_000


async def test_resets_and_closes(server: LocalServer) -> None:
    seen: dict[str, Received] = {}
    for fault in ("rst_before", "close_before", "rst_mid_headers", "rst_mid_body", "garbage"):
        server.faults.clear()
        server.faults.add(fault)
        seen[fault] = await fetch(server)
        assert server.log[-1].fault == fault
    assert (seen["rst_before"].ended, seen["rst_before"].data) == ("reset", b"")
    assert (seen["close_before"].ended, seen["close_before"].data) == ("closed", b"")
    assert seen["rst_mid_headers"].ended == "reset"
    assert b"\r\n\r\n" not in seen["rst_mid_headers"].data
    assert seen["rst_mid_headers"].data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert seen["rst_mid_body"].ended == "reset"
    assert (
        0 < len(seen["rst_mid_body"].body) < int(str(seen["rst_mid_body"].header("Content-Length")))
    )
    assert not seen["garbage"].data.startswith(b"HTTP/")


async def test_stalls_end_with_the_client(server: LocalServer) -> None:
    server.faults.add("stall_headers", times=1)
    server.faults.add("stall_body")
    nothing = await fetch(server, patience=0.2)
    assert (nothing.data, nothing.ended) == (b"", "patience")
    half = await fetch(server, patience=0.2)
    assert half.ended == "patience"
    assert 0 < len(half.body) < int(str(half.header("Content-Length")))


async def test_a_stall_of_some_seconds_ends_in_the_whole_answer(server: LocalServer) -> None:
    right = (await fetch(server)).body
    server.faults.add("stall_body", 0.2)
    began = time.monotonic()
    assert (await fetch(server)).body == right
    assert time.monotonic() - began >= 0.2


async def test_drips_come_at_their_rate(server: LocalServer) -> None:
    right = await fetch(server)
    server.faults.add("drip_body", 1000)
    began = time.monotonic()
    assert (await fetch(server)).body == right.body
    assert 0.8 * len(right.body) / 1000 < time.monotonic() - began < 10
    server.faults.clear()
    server.faults.add("drip_headers", 20)
    slow = await fetch(server, patience=1)
    assert 0 < len(slow.data) < 60


async def test_slow_start(server: LocalServer) -> None:
    server.faults.add("slow_start", 0.2)
    began = time.monotonic()
    assert (await fetch(server)).status == 200
    assert time.monotonic() - began >= 0.2


async def test_close_after_promises_to_stay_and_closes(server: LocalServer) -> None:
    right = (await fetch(server)).body
    server.faults.add("close_after")
    answer = await fetch(server, Connection="keep-alive")
    assert (answer.body, answer.ended, answer.header("Connection")) == (right, "closed", None)


async def test_extra_bytes_follow_and_the_connection_lives(server: LocalServer) -> None:
    right = (await fetch(server)).body
    server.faults.add("extra_bytes", times=1)
    port = server.ports[0]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {PROJECTS} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: k\r\n\r\n"
    writer.write(request.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"200 OK" in head
    assert await reader.readexactly(len(right)) == right
    smuggled = await reader.readuntil(b'{"smuggled": true}')
    assert smuggled.startswith(b"HTTP/1.1 200 OK")
    writer.write(request.encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
    writer.close()


async def test_headers_in_excess(server: LocalServer) -> None:
    server.faults.add("huge_header", times=1)
    server.faults.add("many_headers")
    assert len(str((await fetch(server)).header("X-Huge"))) == 100_000
    assert (await fetch(server)).head.count(b"\r\nX-Header-") == 5000


async def test_redirects(server: LocalServer) -> None:
    async def location(argument: Any) -> tuple[int, str | None]:
        server.faults.clear()
        server.faults.add("redirect", argument)
        answer = await fetch(server)
        return answer.status, answer.header("Location")

    root = server.url
    assert await location("loop") == (302, f"{root}{PROJECTS}")
    assert await location("file") == (302, "file:///etc/passwd")
    assert await location("none") == (302, None)
    assert await location("link_local") == (302, "http://169.254.169.254/latest/meta-data/")
    assert await location("userinfo") == (302, f"http://user:password@{root[7:]}/")
    assert await location("crlf") == (302, f"{root}/%0d%0aX-Injected:%20yes")
    assert await location({"to": "http://127.0.0.1:1/x", "status": 308}) == (
        308,
        "http://127.0.0.1:1/x",
    )
    assert await location("storage") == (302, f"{server.storage_url}{PROJECTS}")


async def test_a_changed_file_has_another_tag_and_other_bytes(server: LocalServer) -> None:
    target = await asset_target(server)
    right = await fetch(server, target)
    tag = str(right.header("ETag"))
    server.faults.add("etag_change")
    changed = await fetch(server, target, Range="bytes=10-", If_Range=tag)
    assert (changed.status, changed.header("ETag")) == (200, '"changed"')
    assert changed.body == bytes(255 - value for value in right.body)
    assert (await fetch(server, target, If_Match=tag)).status == 412


async def test_ranges_gone_wrong(server: LocalServer) -> None:
    target = await asset_target(server)
    right = (await fetch(server, target)).body

    async def ranged(fault: str, argument: Any = None) -> Received:
        server.faults.clear()
        server.faults.add(fault, argument)
        return await fetch(server, target, Range="bytes=100-199")

    ignored = await ranged("range_ignored")
    assert (ignored.status, ignored.body) == (200, right)
    shifted = await ranged("range_mismatch", 7)
    assert shifted.header("Content-Range") == "bytes 107-206/5000"
    assert (shifted.status, shifted.body) == (206, right[100:200])
    short = await ranged("range_short_total", 10)
    assert short.header("Content-Range") == "bytes 100-199/4990"
    assert (await ranged("no_etag")).header("ETag") is None
    assert str((await ranged("weak_etag")).header("ETag")).startswith('W/"')
    flipped = await ranged("flip_byte", 3)
    assert [at for at in range(100) if flipped.body[at] != right[100 + at]] == [3]


async def test_listed_sizes_can_lie(server: LocalServer) -> None:
    target = (await asset_target(server)).replace("get-asset", "list").partition("&")[0]
    server.faults.add("size_lies", 5)
    (asset,) = json.loads((await fetch(server, target)).body)["assets"]
    assert asset["fileSize"] == 5005


async def test_faults_strike_the_storage_listener_too(server: LocalServer) -> None:
    server.faults.add("redirect", "storage", "projects", times=1)
    server.faults.add("status", 503, "/assets/")
    moved = (await fetch(server)).header("Location")
    assert str(moved).startswith(str(server.storage_url))
    port = server.ports[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /assets/a/b HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 503")
    writer.close()
    assert (server.log[-1].listener, server.log[-1].port) == ("storage", port)
