"""The jail: what a decoder that was taken over may do, what the filter says of every call, who gets no decoder."""

import contextlib
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from firmware.core.secret import Secret
from firmware.face import photo_worker
from firmware.face.photo import PhotoDecoder
from firmware.face.photo_worker import MACHINES, RULES, Machine, program

ALLOW, KILL = 0x7FFF0000, 0x80000000
X32 = 0x40000000

LOADED = f"""
import ctypes, importlib.util, mmap, os, resource, socket, sys, threading
spec = importlib.util.spec_from_file_location("w", {photo_worker.__file__!r})
w = importlib.util.module_from_spec(spec)
spec.loader.exec_module(w)
libc, parent = ctypes.CDLL(None), os.getppid()
"""


def ended(before: str, after: str = "") -> int:
    """How a process ends that runs `before`, goes to jail, and there runs `after`. 0: it came to its end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        text = f"{LOADED}\n{before}\nw.confine()\n{after}\nos._exit(0)\n"
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            [sys.executable, "-I", "-c", text], stdin=theirs.fileno(), capture_output=True, timeout=30, check=False
        )
    assert done.stdout == b""
    return done.returncode


def test_reading_writing_and_memory_remain() -> None:
    assert ended("", "os.write(0, b'a'); data = bytearray(20 << 20); data += bytes(20 << 20); del data") == 0


@pytest.mark.parametrize(
    "attempt",
    [
        "os.open('/etc/hostname', os.O_RDONLY)",
        "os.open('/dev/shm', os.O_TMPFILE | os.O_RDWR)",
        "os.memfd_create('x')",
        "os.stat('/etc')",
        "os.unlink('/nonexistent')",
        "os.read(1, 1)",
        "os.write(1, b'x')",
        "os.dup(0)",
        "socket.socket()",
        "socket.socketpair()",
        "socket.socket(fileno=0).recvmsg(1, 64)",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "threading.Thread(target=len).start()",
        "os.kill(parent, 0)",
        "os.kill(os.getpid(), 9)",
        "libc.ptrace(16, parent, 0, 0)",
        "libc.process_vm_readv(parent, 0, 0, 0, 0, 0)",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
        "libc.mprotect(0, 0, 4)",
        "resource.setrlimit(resource.RLIMIT_CPU, (2, 2))",
        "libc.prctl(22, 0, 0, 0, 0)",
        "libc.syscall(425, 8, 0)",
        "os.getppid()",
    ],
)
def test_the_jail_ends_a_decoder_that_tries(attempt: str) -> None:
    assert ended("", attempt) == -signal.SIGSYS


def test_a_call_by_the_second_numbering_of_x86() -> None:
    if "x86_64" not in subprocess.check_output(["uname", "-m"], text=True):
        pytest.skip("x86-64 only")
    assert ended("", f"libc.syscall({X32 | MACHINES['x86_64'].calls['brk']}, 0)") == -signal.SIGSYS


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ("", "bytearray(256 << 20)", {1}),
        ("", "raise ValueError", {1}),
        ("w.LIMITS[resource.RLIMIT_CPU] = 1", "while True: pass", {-signal.SIGXCPU, -signal.SIGKILL}),
    ],
)
def test_memory_and_time_are_limited_and_failures_are_quiet(before: str, after: str, codes: set[int]) -> None:
    assert ended(before, after) in codes


@pytest.mark.parametrize(
    "missing",
    ["w.MACHINES = {}", "w._PR_SET_SECCOMP = 9999", "w._PR_SET_NO_NEW_PRIVS = 9999", "w.program = lambda _: b''"],
)
def test_without_a_jail_there_is_no_decoder(missing: str) -> None:
    assert ended(missing) == photo_worker.NO_JAIL


def test_only_the_socket_stays_open() -> None:
    # All of `confine` but limits and filter; listing takes a descriptor of its own, the lowest that is free.
    before = "os.dup2(2, 40); w.LIMITS = {}; w._prctl = lambda *_: None"
    assert ended(before, "os._exit(7 if sorted(os.listdir('/proc/self/fd')) == ['0', '1'] else 8)") == 7


def test_the_waiting_worker_is_confined() -> None:
    decoder = PhotoDecoder()
    decoder.start_ahead()
    worker = decoder._warm
    assert worker is not None
    assert worker.line.recv(1) == photo_worker.READY
    status = Path(f"/proc/{worker.process.pid}/status").read_text(encoding="utf-8")
    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert re.search(r"^Threads:\t1$", status, re.MULTILINE)
    for kind, value in photo_worker.LIMITS.items():
        assert resource.prlimit(worker.process.pid, kind) == (value, value)
    decoder.close()
    kinds = {resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE}
    assert kinds | {resource.RLIMIT_CORE, resource.RLIMIT_NOFILE} == photo_worker.LIMITS.keys()


def test_a_worker_ends_with_its_parent() -> None:
    # The socket is held open here: it is not what ends the worker.
    ours, theirs = socket.socketpair()
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-I', {photo_worker.__file__!r}])"
    with ours, subprocess.Popen([sys.executable, "-I", "-c", start], stdin=theirs.fileno()) as parent:
        theirs.close()
        ours.settimeout(20)
        assert ours.recv(1) == photo_worker.READY
        parent.kill()
        assert ours.recv(1) == b""


def test_decoding_goes_on_in_another_thread_and_after_a_parent_thread_has_ended(chip: Secret) -> None:
    # The kernel counts the thread that started a worker as its parent.
    decoder = PhotoDecoder()
    with ThreadPoolExecutor(1) as lane:
        lane.submit(decoder.start_ahead).result()
        assert lane.submit(decoder.decode, chip).result().shape == (320, 240)
        lane.submit(decoder.start_ahead).result()
        worker = decoder._warm
        assert worker is not None
        assert worker.line.recv(1) == photo_worker.READY
    worker.process.wait(timeout=20)
    assert decoder.decode(chip).shape == (320, 240)


def verdict(code: bytes, number: int, audit: int, arguments: tuple[int, ...] = (0,) * 6) -> int:
    """What the filter answers, worked out as the kernel does."""
    data = struct.pack("<IIQ6Q", number, audit, 0, *arguments)
    place, value = 0, 0
    while True:
        operation, yes, no, operand = struct.unpack_from("<HBBI", code, 8 * place)
        place += 1
        if operation == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
        elif operation == 0x54:
            value &= operand
        elif operation == 0x15:
            place += yes if value == operand else no
        else:
            assert operation == 0x06
            return int(operand)


@pytest.mark.parametrize("name", MACHINES)
def test_the_filter_lets_pass_what_is_listed_and_nothing_else(name: str) -> None:
    machine = MACHINES[name]
    code = program(machine)
    names = {number: call for call, number in machine.calls.items()}
    for number in [*range(1024), *range(X32, X32 + 1024), 2**32 - 1]:
        assert verdict(code, number, machine.audit) == (ALLOW if number in names else KILL)
        for other in (0, 0x40000003, 0x40000028, *(each.audit for each in MACHINES.values() if each != machine)):
            assert verdict(code, number, other) == KILL
    assert set(machine.calls) == {rule.call for rule in RULES}


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize(
    ("call", "arguments", "answer"),
    [
        ("read", (1, 0, 0, 0, 0, 0), KILL),
        ("write", (2, 0, 0, 0, 0, 0), KILL),
        ("write", (2**32 - 1, 0, 0, 0, 0, 0), KILL),
        ("read", (0, 2**40, 2**31, 1, 1, 1), ALLOW),
        ("mmap", (0, 4096, 3, 0x22, 2**64 - 1, 0), ALLOW),
        ("mmap", (0, 4096, 7, 0x22, 2**64 - 1, 0), KILL),
        ("mmap", (0, 4096, 4, 0x22, 2**64 - 1, 0), KILL),
    ],
)
def test_the_filter_looks_at_descriptor_and_protection(
    name: str, call: str, arguments: tuple[int, ...], answer: int
) -> None:
    machine = MACHINES[name]
    assert verdict(program(machine), machine.calls[call], machine.audit, arguments) == answer


def header(pattern: str) -> str:
    with contextlib.suppress(StopIteration):
        return next(Path("/usr/include").glob(pattern)).read_text(encoding="utf-8")
    pytest.skip(f"not installed: {pattern}")


@pytest.mark.parametrize(
    ("machine", "pattern"), [("x86_64", "x86_64-*/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")]
)
def test_numbers_are_the_kernels(machine: str, pattern: str) -> None:
    # aarch64 has the generic numbers; those that differ between 32 and 64 bit go by another name there.
    text = header(pattern)
    found = {call: int(number) for call, number in re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)\b", text)}
    calls = MACHINES[machine].calls
    assert {call: found[call] for call in calls} == calls


def test_architectures_are_the_kernels() -> None:
    kinds = dict(re.findall(r"#define (EM_\w+)\s+(\d+)", header("linux/elf-em.h")))
    for name, kind in (("x86_64", "EM_X86_64"), ("aarch64", "EM_AARCH64")):
        line = f"#define AUDIT_ARCH_{name.upper()}\t({kind}|__AUDIT_ARCH_64BIT|__AUDIT_ARCH_LE)"
        assert line in header("linux/audit.h")
        assert MACHINES[name] == Machine(0x80000000 | 0x40000000 | int(kinds[kind]), MACHINES[name].calls)
