"""Another program that uses the reader: a process with its own pcsc-lite, told what to do line by line.

Helper of the tests, no test. `SecondClient` is the test's side; run as a script it is the program. Result codes come
back as eight hex digits, exactly as pcsc-lite gave them.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
_CHANGE_MS = 10_000


class SecondClient:
    """`environment`: of the daemon. Commands: see `Program`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.second_client"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, command: str) -> str:
        self.send(command)
        return self.answer()

    def send(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        assert answer, "the second client ended"
        return answer

    def kill(self) -> None:
        """As by `kill -9`: nothing is tidied up."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()


class Program:
    """The other program's side."""

    def __init__(self) -> None:
        from smartcard import scard  # noqa: PLC0415  # only this process may load pcsc-lite

        self._scard = scard
        self._context: object = None
        self._card: object = None
        self._state: int = scard.SCARD_STATE_UNAWARE

    def do(self, command: str, *arguments: str) -> str:
        """One command: `context`, `connect shared|exclusive READER`, `apdu HEX`, `leave`, `change READER`."""
        scard = self._scard
        match command, arguments:
            case "context", ():
                result, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
            case "connect", (mode, *name):
                share = scard.SCARD_SHARE_SHARED if mode == "shared" else scard.SCARD_SHARE_EXCLUSIVE
                result, self._card, _ = scard.SCardConnect(
                    self._context, " ".join(name), share, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
                )
            case "apdu", (text,):
                result, answer = scard.SCardTransmit(self._card, scard.SCARD_PCI_T1, list(bytes.fromhex(text)))
                if not result:
                    return bytes(answer).hex()
            case "change", name:
                return self._change(" ".join(name))
            case "leave", ():
                result = scard.SCardDisconnect(self._card, scard.SCARD_LEAVE_CARD)
            case _:
                raise ValueError(command)
        return f"{result & 0xFFFFFFFF:08X}"

    def _change(self, reader: str) -> str:
        """Waits for the next change of the reader's state; when pcsc-lite told of it (monotonic seconds)."""
        scard = self._scard
        wanted = [(reader, self._state)]
        result, states = scard.SCardGetStatusChange(self._context, _CHANGE_MS, wanted)
        at = time.monotonic()
        self._state = states[0][1] & ~scard.SCARD_STATE_CHANGED
        return f"{result & 0xFFFFFFFF:08X} {at}"


def main() -> None:
    program = Program()
    for line in sys.stdin:
        print(program.do(*line.split()), flush=True)


if __name__ == "__main__":
    main()
