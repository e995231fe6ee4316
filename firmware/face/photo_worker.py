"""The jailed side of `photo.py`: reads one JPEG 2000 photo from its socket, writes the pixels back, ends.

A process of its own, one thread, started as `python -I photo_worker.py` with an empty environment, so it imports
nothing of the firmware; the parent imports this file for its constants only. All that decoding does not need is given
up before the first untrusted byte is read: `confine` leaves memory, one socket (file descriptor 0) and the end. Any
other system call kills the process. A machine on which the jail cannot be had gets no decoder at all.

Any failure ends it with a code other than 0: the parent asks no more than that.
Exchange: worker READY (1 byte); parent length (4 bytes, big endian), JP2 bytes; worker width, height (2 bytes each),
channels (1 byte), rows from the top, interleaved.
Source: design.md, "Untrusted bytes"; seccomp's and the system calls' numbers from the kernel's own headers, which the
tests read again (linux/seccomp.h, linux/audit.h, asm/unistd_64.h, asm-generic/unistd.h).
"""

import ctypes
import io
import os
import resource
import struct
import sys
from typing import NamedTuple

READY = b"\x01"
REQUEST = struct.Struct(">I")
ANSWER = struct.Struct(">HHB")
LARGEST_PHOTO = 32768
LONGEST_SIDE = 1024
NO_JAIL = 3
"""Exit code: this kernel or machine cannot confine us."""

_SOCKET = 0
_CHANNELS = {"L": 1, "RGB": 3}
LIMITS = {
    # The largest photo, in colour, decodes within 48 MB on x86-64; the rest is for other page sizes and libraries.
    resource.RLIMIT_AS: 128 << 20,
    resource.RLIMIT_CPU: 2,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_NPROC: 0,
    # The socket is open: nothing else can be.
    resource.RLIMIT_NOFILE: _SOCKET + 1,
}


class Rule(NamedTuple):
    """A permitted system call: always, or only while argument `argument` & `mask` == 0."""

    call: str
    argument: int | None = None
    mask: int = 0


_PROT_EXEC = 4
RULES = (
    # Not socket 0, not mapped: nothing but our parent can be talked to, and no memory becomes code.
    Rule("read", 0, 0xFFFFFFFF),
    Rule("write", 0, 0xFFFFFFFF),
    Rule("mmap", 2, _PROT_EXEC),
    Rule("munmap"),
    Rule("mremap"),
    Rule("brk"),
    # Neither was seen, but where the kernel's page for the clock is missing, or a lock is contended, they come.
    Rule("futex"),
    Rule("clock_gettime"),
    Rule("exit_group"),
)


class Machine(NamedTuple):
    """`audit`: what the filter sees as architecture. `calls`: the numbers of the permitted calls."""

    audit: int
    calls: dict[str, int]


MACHINES = {
    "x86_64": Machine(
        0xC000003E,
        {
            "read": 0,
            "write": 1,
            "mmap": 9,
            "munmap": 11,
            "brk": 12,
            "mremap": 25,
            "futex": 202,
            "clock_gettime": 228,
            "exit_group": 231,
        },
    ),
    "aarch64": Machine(
        0xC00000B7,
        {
            "read": 63,
            "write": 64,
            "exit_group": 94,
            "futex": 98,
            "clock_gettime": 113,
            "brk": 214,
            "munmap": 215,
            "mremap": 216,
            "mmap": 222,
        },
    ),
}

_INSTRUCTION = struct.Struct("<HBBI")
_LOAD, _AND, _IF_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_ALLOW, _KILL_PROCESS = 0x7FFF0000, 0x80000000
# Where the filter finds number, architecture and the low halves of the arguments (little endian on both machines).
_NUMBER, _AUDIT, _ARGUMENTS = 0, 4, 16

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_SIGKILL = 9


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def program(machine: Machine) -> bytes:
    """The filter as instructions of the kernel's packet filter. What no rule permits ends the whole process.

    Calls of another architecture, and x86-64's second numbering (x32, bit 30 set), match no number and end it too.
    """
    code = [(_LOAD, 0, 0, _AUDIT), (_IF_EQUAL, 1, 0, machine.audit), (_RETURN, 0, 0, _KILL_PROCESS)]
    code.append((_LOAD, 0, 0, _NUMBER))
    for rule in RULES:
        check = []
        if rule.argument is not None:
            check = [(_LOAD, 0, 0, _ARGUMENTS + 8 * rule.argument), (_AND, 0, 0, rule.mask), (_IF_EQUAL, 1, 0, 0)]
            check.append((_RETURN, 0, 0, _KILL_PROCESS))
        code.append((_IF_EQUAL, 0, len(check) + 1, machine.calls[rule.call]))
        code += [*check, (_RETURN, 0, 0, _ALLOW)]
    code.append((_RETURN, 0, 0, _KILL_PROCESS))
    return b"".join(_INSTRUCTION.pack(*each) for each in code)


def confine() -> None:
    """Give up what decoding does not need, for good. Ends the process with NO_JAIL where that cannot be done."""
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        os._exit(NO_JAIL)
    os.closerange(_SOCKET + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    for kind, value in LIMITS.items():
        resource.setrlimit(kind, (value, value))
    # No traceback: it would open the sources, and the jail would call that an attack.
    sys.excepthook = lambda *_: os._exit(1)
    # If the parent ended before this line, the closed socket ends us.
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    # By prctl, not by the call `seccomp`: systemd 252 has that one not in @system-service, so our unit refuses it.
    code = program(machine)
    filtered = _Program(len(code) // _INSTRUCTION.size, code)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(filtered))


def _prctl(option: int, *values: int) -> None:
    call = ctypes.CDLL(None).prctl
    if call(ctypes.c_int(option), *(ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4])) != 0:
        os._exit(NO_JAIL)


def main() -> None:
    # Here, not above: the parent imports this file and shall not load a decoder. Not Image.open below: that would try,
    # and import, other formats.
    from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile  # noqa: PLC0415

    confine()
    _write(READY)
    (length,) = REQUEST.unpack(_read(REQUEST.size))
    if not 0 < length <= LARGEST_PHOTO:
        raise ValueError("length")
    image = Jpeg2KImageFile(io.BytesIO(_read(length)))
    if max(image.size) > LONGEST_SIDE or image.mode not in _CHANNELS:
        raise ValueError("size or mode")
    image.load()
    _write(ANSWER.pack(*image.size, _CHANNELS[image.mode]) + image.tobytes())
    # At once: what Python does at its end is not permitted any more.
    os._exit(0)


def _read(length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = os.read(_SOCKET, length - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(_SOCKET, rest) :]


if __name__ == "__main__":
    main()
