"""What OpenSC, a reader written by others, says of the card in a stack's reader (issue 2, A4).

Runs on the loop; no device may run, it would hold the reader for itself. Times in seconds.
"""

import asyncio
import hashlib
import os
import time
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tools.stack.stack import Stack

_PATIENCE: Final = 20.0
_PAUSE: Final = 0.1


@dataclass(frozen=True, slots=True)
class OpenSc:
    """`name`: of the card, by opensc-tool. `certificate`: SHA-256 of what pkcs15-tool read."""

    name: str
    certificate: str


async def read_card(stack: Stack) -> OpenSc:
    """Put the holder's card in, ask both programs, take it out."""
    stack.hands.card_kind = "holder"
    await stack.hands.insert_card()
    try:
        name = await _first_name(stack)
        pem = await _ask(stack, "pkcs15-tool", "--read-certificate", "01")
    finally:
        await stack.hands.remove_card()
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    return OpenSc(name, hashlib.sha256(der).hexdigest())


async def _first_name(stack: Stack) -> str:
    """Ask until there is a card: the reader's driver looks for one every 0.4 s. TimeoutError."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if name := await _ask(stack, "opensc-tool", "--name"):
            return name
        await asyncio.sleep(_PAUSE)
    raise TimeoutError("OpenSC finds no card")


async def _ask(stack: Stack, *command: str) -> str:
    """Standard output; empty when there is no card yet."""
    home = stack.folder / "tmp"
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **stack.hands.reader_environment()}
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await process.communicate()
    return out.decode().strip() if process.returncode == 0 else ""
