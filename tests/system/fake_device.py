"""A device that shows screens and reads presses, but sends nothing: `python fake_device.py madoguchi.toml`.

Stands in for the product's process in tests of the scenario runner: real control socket, real PC/SC presence.
"""

import asyncio
import base64
import signal
import sys
import time
import tomllib
from pathlib import Path

from smartcard import scard

from firmware.sim.control import ControlServer, Message

VISIT = "00112233445566778899aabbccddeeff"
ROWS = base64.b64encode(bytes(256 * 64 // 8)).decode()


class FakeDevice:
    """Idle, then a notice when a card comes, then "take your card" when a button is pressed."""

    def __init__(self, server: ControlServer) -> None:
        self._server = server
        self._pressed = asyncio.Event()
        server.on("button", self._press)

    def _press(self, _: Message) -> Message:
        self._pressed.set()
        return {}

    def _show(self, view: str, state: str) -> None:
        now = time.monotonic()
        picture = {"view": view, "rows": ROWS, "width": 256, "height": 64}
        self._server.broadcast({"event": "screen", **picture, "at": now})
        self._server.broadcast({"event": "state", "state": state, "visit": VISIT, "at": now})

    async def run(self) -> None:
        while True:
            self._show("IdleView", "Idle")
            await self._until(present=True)
            self._show("NoticeView", "ChoosingMethod")
            await self._pressed.wait()
            self._show("RemoveCardView", "RemoveCard")
            await self._until(present=False)

    async def _until(self, *, present: bool) -> None:
        while await asyncio.to_thread(_card_present) != present:  # noqa: ASYNC110 - PC/SC has no event for asyncio
            await asyncio.sleep(0.02)


def _card_present() -> bool:
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    try:
        result, readers = scard.SCardListReaders(context, [])
        if result != scard.SCARD_S_SUCCESS:
            return False
        wanted = [(name, scard.SCARD_STATE_UNAWARE) for name in readers]
        _, states = scard.SCardGetStatusChange(context, 0, wanted)
        return any(state & scard.SCARD_STATE_PRESENT for _, state, _ in states)
    finally:
        scard.SCardReleaseContext(context)


async def main(socket: Path) -> None:
    server = ControlServer(socket)
    await server.start()
    running = asyncio.create_task(FakeDevice(server).run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        await server.close()


if __name__ == "__main__":
    settings = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    asyncio.run(main(Path(settings["control"]["socket"])))
