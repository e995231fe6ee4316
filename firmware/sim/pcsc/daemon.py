"""A PC/SC daemon of our own: real pcscd and vpcd driver, on a private socket, with virtual readers on 127.0.0.1.

Several can run at the same time, beside a system pcscd. As root it runs as "nobody", else as the user. It is activated
by socket, so it never touches the system daemon's files; it ends with `stop`, or when the process that started it is
gone. Methods are called by one thread; `start` takes about 0.3 s. Times in seconds. Raises PcscdError.
Source: facts hardware.md 1 and 10.

A client process finds it by `environment()`, which has to be set before that process first uses PC/SC.
"""

import contextlib
import fcntl
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware.sim.pcsc.listening import is_free, listening_ports
from firmware.sim.pcsc.parts import (
    PcscdError,
    compile_shim,
    missing_parts,
    needs_polkit_switch,
    pcscd_program,
    provide_driver,
)

_PORTS = range(20_000, 32_000, 2)
_PORT_ATTEMPTS = 8
_SOCKET_PATH_LIMIT = 100
_READY_TIMEOUT = 5.0
_STOP_TIMEOUT = 3.0
_POLL = 0.01
_LOOPBACK = "127.0.0.1"
_UNPRIVILEGED = "nobody"
# The daemon finds the listening socket as descriptor 3, the first that socket activation passes. The shell execs it,
# so that LISTEN_PID is its process id.
_LAUNCH = 'exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ LD_PRELOAD="$1" exec "$2" --foreground --config "$3" $4'


@dataclass(frozen=True, slots=True)
class ReaderSlot:
    """`name`: as PC/SC clients see it. `port`: where `VpcdSlot` puts cards in."""

    name: str
    port: int


class PrivatePcscd:
    """`readers` virtual readers; of each only the first slot is used. `parent`: where the run folder is made.

    `wrapper`: C source of a driver that stands before vpcd's (tests).
    """

    def __init__(self, readers: int = 1, parent: Path | None = None, wrapper: Path | None = None) -> None:
        missing = missing_parts()
        if missing:
            raise PcscdError(f"install {', '.join(missing)}")
        self._user = pwd.getpwnam(_UNPRIVILEGED) if os.geteuid() == 0 else None
        self._count = readers
        self._parent = parent
        self._wrapper = wrapper
        self._drivers: list[Path] = []
        self._unplugged: set[int] = set()
        self._folder: Path | None = None
        self._ports: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None

    # ---- what others need ----------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The run folder: socket, configuration, driver copies, log. Gone after `stop`."""
        if self._folder is None:
            raise PcscdError("the daemon was not started")
        return self._folder

    @property
    def socket_path(self) -> Path:
        return self.folder / "pcscd.comm"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise PcscdError("the daemon does not run")
        return self._process.pid

    @property
    def slots(self) -> tuple[ReaderSlot, ...]:
        """One a reader, in order; empty while there is no daemon."""
        named = ((_reader_name(number), port) for number, port in enumerate(self._ports))
        return tuple(ReaderSlot(f"{name} 00 00", port) for name, port in named)

    def environment(self) -> dict[str, str]:
        """Variables that make a new process talk to this daemon."""
        return {"PCSCLITE_CSOCK_NAME": str(self.socket_path)}

    # ---- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Prepare the run folder, start the daemon and return when its readers are there."""
        if self._folder is not None:
            raise PcscdError("the daemon was started before")
        try:
            self._prepare()
            self._start_on_free_ports()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the daemon and remove the run folder. Idempotent."""
        self.halt()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None
        self._ports = []

    def halt(self, *, kill: bool = False) -> None:
        """End the daemon (`kill`: as a crash does) but keep ports and socket path, for `resume`. Idempotent."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                process.wait(_STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        if self._folder is not None:
            self.socket_path.unlink(missing_ok=True)

    def resume(self) -> None:
        """Start the daemon again on the same socket path and ports."""
        if self._process is not None:
            raise PcscdError("the daemon runs")
        self._launch()
        if not self._ready():
            self.halt()
            raise PcscdError("the virtual readers did not come back")

    def unplug(self, *numbers: int) -> None:
        """Leave out exactly these readers from the next `resume` on: Debian's pcscd rereads no serial readers."""
        self._unplugged = set(numbers)

    def restart(self) -> None:
        """What a package upgrade or a crash does to the device: clients lose their connection, cards come back."""
        self.halt()
        self.resume()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ---- inside ----------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="mdg-pcsc-", dir=self._parent)).resolve()
        if len(os.fsencode(self.socket_path)) >= _SOCKET_PATH_LIMIT:
            raise PcscdError("the run folder's path is too long for a socket: choose a shorter one")
        for name in ("readers", "drop"):
            (self._folder / name).mkdir()
        compile_shim(self._folder)
        places = [self._folder / f"reader{number}" for number in range(self._count)]
        self._drivers = [provide_driver(place, self._wrapper) for place in places]
        if self._user is not None:
            _require_passage(self._folder.parent)
            _give_away(self._folder, self._user)

    def _start_on_free_ports(self) -> None:
        for _ in range(_PORT_ATTEMPTS):
            self._ports = _free_ports(self._count)
            self._launch()
            if self._ready():
                return
            self.halt()
        raise PcscdError(f"no virtual reader after {_PORT_ATTEMPTS} attempts: {self._log_tail()}")

    def _launch(self) -> None:
        self._configure()
        # Above 9, out of the way of descriptor 3, which the launcher fills.
        end, self._lifeline = os.pipe()
        lifeline = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10)
        os.close(end)
        try:
            with self._listen() as listener, (self.folder / "pcscd.log").open("ab") as log:
                self._process = self._spawn(listener, log.fileno(), lifeline)
        finally:
            os.close(lifeline)

    def _spawn(self, listener: socket.socket, log: int, lifeline: int) -> "subprocess.Popen[bytes]":
        program = pcscd_program() or "pcscd"
        switch = "--disable-polkit" if needs_polkit_switch(program) else ""
        shim, readers = self.folder / "bindlo.so", self.folder / "readers"
        return subprocess.Popen(
            ["/bin/sh", "-c", _LAUNCH, "sh", str(shim), program, str(readers), switch],
            stdin=listener.fileno(),
            stdout=log,
            stderr=log,
            cwd="/",
            env={
                "PATH": os.defpath,
                "MADOGUCHI_LIFELINE": str(lifeline),
                # No driver of a real reader: this daemon must not take the machine's own reader away.
                "PCSCLITE_HP_DROPDIR": str(self.folder / "drop"),
            },
            pass_fds=(lifeline,),
            start_new_session=True,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
        )

    def _configure(self) -> None:
        lines = []
        for number, (port, driver) in enumerate(zip(self._ports, self._drivers, strict=True)):
            if number in self._unplugged:
                continue
            lines += [
                f'FRIENDLYNAME "{_reader_name(number)}"',
                f"DEVICENAME /dev/null:0x{port:04X}",
                f"LIBPATH {driver}",
                f"CHANNELID 0x{port:04X}",
                "",
            ]
        (self.folder / "readers" / "virtual").write_text("\n".join(lines), encoding="utf-8")

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.socket_path))
        self.socket_path.chmod(0o600)
        if self._user is not None:
            os.chown(self.socket_path, self._user.pw_uid, self._user.pw_gid)
        listener.listen()
        return listener

    def _ready(self) -> bool:
        """Wait until the daemon listens for cards on all ports, two a reader; on loopback and nowhere else."""
        process = self._process
        ports = [port for number, port in enumerate(self._ports) if number not in self._unplugged]
        wanted = {(_LOOPBACK, port + slot) for port in ports for slot in (0, 1)}
        deadline = time.monotonic() + _READY_TIMEOUT
        while process is not None and process.poll() is None and time.monotonic() < deadline:
            present = listening_ports(process.pid)
            if any(address != _LOOPBACK for address, _ in present):
                raise PcscdError("the virtual reader listens beyond loopback")
            if wanted <= present:
                return True
            time.sleep(_POLL)
        if process is not None and process.poll() is not None:
            raise PcscdError(f"pcscd ended by itself: {self._log_tail()}")
        return False

    def _log_tail(self) -> str:
        with contextlib.suppress(OSError):
            return (self.folder / "pcscd.log").read_text(encoding="utf-8", errors="replace")[-500:].strip()
        return "no log"


def _reader_name(number: int) -> str:
    return f"Madoguchi Virtual Reader {number}"


def _free_ports(count: int) -> list[int]:
    """First ports of `count` pairs that are free now; below the range that outgoing connections take theirs from."""
    found: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        if is_free(port) and is_free(port + 1):
            found.append(port)
            if len(found) == count:
                return found
    raise PcscdError("no free ports for virtual readers")


def _require_passage(folder: Path) -> None:
    """The daemon's user has to be able to enter the folder above its own."""
    for ancestor in (folder, *folder.parents):
        if not ancestor.stat().st_mode & 0o001:
            raise PcscdError(f"user {_UNPRIVILEGED} cannot enter {ancestor}: choose another parent folder")


def _give_away(folder: Path, user: pwd.struct_passwd) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
