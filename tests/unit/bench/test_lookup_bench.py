"""The look-up's bench: both ways look up, the bare client sends the very same bytes, the worse is recorded."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tools import bench_lookup
from tools.bench_lookup import Row, Server, keep, measure


async def test_both_ways_are_measured_over_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_lookup, "_WARM", 1)
    bodies: list[bytes] = []
    handle = Server.handle

    async def seen(server: Server, request: web.Request) -> web.Response:
        answer = await handle(server, request)
        bodies.append(server.body)
        return answer

    monkeypatch.setattr(Server, "handle", seen)
    rows = await measure(3, tmp_path)
    assert [row.way for row in rows] == ["by card", "by number"]
    assert bodies[::2] == bodies[1::2]
    assert len(bodies) == 2 * 2 * 4
    assert len(set(bodies)) == len(bodies) / 2, "each look-up of ours is signed anew"


def test_the_worse_way_is_held_against_the_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, Any] = {}
    monkeypatch.setattr(bench_lookup, "record", lambda **members: kept.update(members))
    keep([Row("by card", 2.0, 1.0, 1.0, 3.0), Row("by number", 7.0, 1.0, 6.0, 9.0)])
    assert (kept["id"], kept["figure"], kept["met"]) == ("D5", 6.0, False)
