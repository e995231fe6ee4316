"""A private mosquitto on 127.0.0.1: TLS 1.3 with client certificates, access lists by name, persistence.

The broker's user is the certificate's CN: a device's CN is its id, a reception's is `rx-{reception}`. Each device may
write its own topics and read requests and acknowledgements addressed to it; each reception likewise. Under root the
daemon runs as `nobody`, so it gets copies of the certificates in its own folder; the folder must lie where `nobody` can
reach it (a mkdtemp in the system's temporary folder does).

The daemon ends with the thread that called `start` (PR_SET_PDEATHSIG by `setpriv`), so call it on a thread that lives.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOT = "madoguchi/v1"
_UP = 5.0
_DOWN = 5.0


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """PEM files: the CA of all clients and of the broker, the broker's certificate (for 127.0.0.1) and key."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class BrokerSite:
    """Who may connect: ids of devices and receptions of one site."""

    site: str
    devices: Sequence[str]
    receptions: Sequence[str]


class BrokerError(Exception):
    """mosquitto could not be started."""


def access_list(site: BrokerSite) -> str:
    """The acl_file of mosquitto for one site."""
    lines: list[str] = []
    base = f"{_ROOT}/{site.site}"
    for device in site.devices:
        own = f"{base}/{device}"
        lines += [f"user {device}"]
        lines += [f"topic write {topic}" for topic in (f"{own}/state", f"{own}/desc", f"{own}/evt/#")]
        lines += [f"topic write {base}/rx/{reception}/res/{device}" for reception in site.receptions]
        lines += [f"topic read {topic}" for topic in (f"{own}/req/+", f"{own}/ack/+", f"{base}/rx/+/state")]
    for reception in site.receptions:
        lines += [f"user rx-{reception}", f"topic write {base}/rx/{reception}/state"]
        lines += [f"topic read {base}/rx/{reception}/res/+"]
        for device in site.devices:
            own = f"{base}/{device}"
            lines += [f"topic write {own}/req/+", f"topic write {own}/ack/{reception}"]
            lines += [f"topic read {own}/{leaf}" for leaf in ("state", "desc", "evt/session", "evt/alert/+")]
            lines += [f"topic read {own}/evt/result/{reception}"]
    return "\n".join(lines) + "\n"


class Broker:
    """One mosquitto. `port` is chosen at the first start and kept over restarts."""

    def __init__(self, folder: Path, files: BrokerFiles, site: BrokerSite) -> None:
        self._home = folder / "broker"
        self._files, self._site = files, site
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def start(self) -> None:
        """Start and wait until it listens. Raises BrokerError."""
        self._install()
        for _attempt in range(5):
            if self.port == 0 or not _free(self.port):
                self.port = _free_port()
            self._configure()
            if self._launch():
                return
        raise BrokerError(self.log()[-500:] or "mosquitto does not listen")

    def stop(self) -> None:
        """End it in order: it saves its sessions. Idempotent."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would. Idempotent."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    @property
    def running(self) -> bool:
        """Whether the daemon lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def storage(self) -> Path:
        """The folder with everything the broker writes."""
        return self._home

    def log(self) -> str:
        """What mosquitto said."""
        path = self._home / "mosquitto.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    # ---- inner ----

    def _install(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        for source, name in ((self._files.ca, "ca"), (self._files.certificate, "cert"), (self._files.key, "key")):
            shutil.copyfile(source, self._home / f"{name}.pem")
        (self._home / "key.pem").chmod(0o600)
        (self._home / "acl").write_text(access_list(self._site), encoding="utf-8")
        (self._home / "acl").chmod(0o600)

    def _configure(self) -> None:
        home = self._home
        lines = (
            f"listener {self.port} 127.0.0.1",
            f"cafile {home}/ca.pem",
            f"certfile {home}/cert.pem",
            f"keyfile {home}/key.pem",
            "require_certificate true",
            "use_identity_as_username true",
            "tls_version tlsv1.3",
            "allow_anonymous false",
            f"acl_file {home}/acl",
            "persistence true",
            f"persistence_location {home}/",
            "set_tcp_nodelay true",
            "max_packet_size 140000",
            f"log_dest file {home}/mosquitto.log",
            "log_type error",
            "log_type warning",
            "log_type notice",
        )
        (home / "mosquitto.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _launch(self) -> bool:
        command = ["setpriv", "--pdeathsig", "TERM"]
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            # The folders above were made by us for this run; `nobody` may pass through, not look.
            self._home.parent.chmod(self._home.parent.stat().st_mode | 0o011)
            for path in (self._home, *self._home.iterdir()):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
            command += ["--reuid", "nobody", "--regid", str(nobody.pw_gid), "--clear-groups"]
        command += ["--", shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(self._home / "mosquitto.conf")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + _UP
        while time.monotonic() < until and self.running:
            if not _free(self.port):
                return self.running
            time.sleep(0.02)
        self._end(signal.SIGKILL)
        return False

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(_DOWN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
