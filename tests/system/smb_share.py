"""A folder shared by Debian's smbd on loopback and mounted again by smbnetfs (FUSE over libsmbclient).

What goes between the two is real SMB; only the client is not the kernel's cifs, which containers do not have.
libsmbclient knows port 445 only, so this needs root. Everything lies in one private folder.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

HOST = "127.0.0.1"
PORT = 445


def missing() -> str | None:
    """Why it cannot run here."""
    for program in ("smbd", "smbnetfs", "umount"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            return f"{program} is not installed (Debian: samba, smbnetfs)"
    if os.geteuid() != 0:
        return "port 445 and the mount need root"
    if not os.access("/dev/fuse", os.W_OK):
        return "no /dev/fuse"
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, PORT))
        except OSError:
            return "port 445 is taken"
    return None


class Share:
    """`local`: the folder as the terminal has it; `mounted`: as the device sees it over SMB."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.local = folder / "share"
        self.mounted = folder / "mnt" / HOST / "oqs"
        self._server: subprocess.Popen[bytes] | None = None
        self._client: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        home = self._folder / "home" / ".smb"
        for each in ("share", "mnt", "home/.smb", "private", "state", "lock", "cache", "pid", "rpc"):
            (self._folder / each).mkdir(parents=True)
        (home / "smb.conf").write_text(_config(self._folder), encoding="utf-8")
        (home / "smbnetfs.conf").write_text('auth "guest" ""\n', encoding="utf-8")
        (home / "smbnetfs.conf").chmod(0o600)
        self.serve()
        mount = ["smbnetfs", "-f", "-o", f"config={home / 'smbnetfs.conf'}", str(self._folder / "mnt")]
        self._client = self._started(mount)
        _until(self.mounted.is_dir)

    def serve(self) -> None:
        """Start the server, or start it again."""
        config = self._folder / "home" / ".smb" / "smb.conf"
        self._server = self._started(["smbd", "-F", "--no-process-group", "--debug-stdout", "-s", str(config)])
        _until(_listening)

    def vanish(self) -> None:
        """The server's machine is gone."""
        if self._server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()
            self._server = None

    def stop(self) -> None:
        subprocess.run(["umount", "-l", str(self._folder / "mnt")], check=False, capture_output=True)
        if self._client is not None:
            self._client.terminate()
            self._client.wait(10)
        self.vanish()

    def _started(self, command: list[str]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            env={**os.environ, "HOME": str(self._folder / "home"), "PATH": f"{os.environ['PATH']}:/usr/sbin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _listening() -> bool:
    with socket.socket() as tried:
        return tried.connect_ex((HOST, PORT)) == 0


def _until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "the share did not come up"
        time.sleep(0.1)


def _config(folder: Path) -> str:
    return f"""[global]
 server role = standalone server
 map to guest = bad user
 guest account = root
 bind interfaces only = yes
 interfaces = {HOST}/8
 smb ports = {PORT}
 disable netbios = yes
 private dir = {folder}/private
 state directory = {folder}/state
 lock directory = {folder}/lock
 cache directory = {folder}/cache
 pid directory = {folder}/pid
 ncalrpc dir = {folder}/rpc
 log file = {folder}/log
 load printers = no
 printing = bsd
 disable spoolss = yes
[oqs]
 path = {folder}/share
 read only = no
 guest ok = yes
"""
