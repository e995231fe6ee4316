"""The terminal's folder: every call on its files. Blocking and stateless; runs on `oqs_worker`'s threads only.

Files are opened without locks, which over SMB is shared reading. Nothing but plain files is opened, and no link is
followed. Sizes in bytes, times in seconds. Raises DeviceError: TERMINAL_UNREACHABLE for whatever the system refuses
(a share that went away, a full disk, a folder that cannot be written), TERMINAL_ENV_MISMATCH, TERMINAL_BAD_FILE;
details name the error, never a path. Source: eligibility.md 2.3, 2.5.
"""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Env
from firmware.eligibility.fields import JAPAN
from firmware.eligibility.oqs_config import TerminalConfig
from firmware.eligibility.oqs_names import RequestName, exchanged, left_over, next_number, numbered, signed
from firmware.eligibility.oqs_worker import GivenUp
from firmware.eligibility.oqs_xml import MOST_BYTES

MARK: Final = "madoguchi-env"
"""File in each folder of a terminal that is not real: it holds "sim" or "test"."""
MOST_ENTRIES: Final = 20_000
_MOST_MARK: Final = 16
_TRIES: Final = 50
_RENAMES: Final = 6
HELD_SECONDS: Final = 0.2
"""Between two tries to rename a file that somebody holds."""
_ABANDONED_NS: Final = 75 * 60 * 1_000_000_000
"""No answer is waited for as long (`terminal.seconds` is an hour at most)."""
_READ_ONLY: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE: Final = 0o660
"""The terminal's side may be another user of the same group; over SMB the server decides."""
_LOCKED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY, errno.EAGAIN, errno.ENOENT})
"""Over SMB: a writer that shares with nobody, or a file that was just taken away."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as a listing shows it. `changed`: its modification time in nanoseconds, by whoever keeps the folder."""

    name: str
    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A name that is ours, and the day in Japan by the folder's own clock."""

    name: RequestName
    folder_day: date


@contextmanager
def reachable() -> Iterator[None]:
    """What the system refuses, as a fault."""
    try:
        yield
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, name) from None


def check_folder(folder: Path, env: Env, mount: Path | None) -> None:
    """The folder is there and belongs to a terminal of the device's own env."""
    with reachable():
        if mount is not None and not mount.is_mount():
            raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, "the share is not mounted")
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, "no folder")
        mark = _mark(folder / MARK)
    if mark != (None if env is Env.PRODUCTION else env.value.encode()):
        raise DeviceError(FaultCode.TERMINAL_ENV_MISMATCH, f"this device is {env}")


def _mark(path: Path) -> bytes | None:
    """None only where there is none: whatever stands there instead is a mark, and no device's."""
    try:
        return _content(path, _MOST_MARK).strip()
    except FileNotFoundError:
        return None
    except DeviceError:
        return b""


def listing(folder: Path, wanted: Callable[[str], bool]) -> list[Entry]:
    """Plain files whose names are wanted."""
    found: list[Entry] = []
    with reachable(), os.scandir(folder) as entries:
        for count, entry in enumerate(entries):
            if count >= MOST_ENTRIES:
                raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, f"more than {MOST_ENTRIES} files")
            if not wanted(entry.name):
                continue
            try:
                about = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # taken away meanwhile
                continue
            if stat.S_ISREG(about.st_mode):
                found.append(Entry(entry.name, about.st_size, about.st_mtime_ns))
    return found


def read_settled(path: Path, settle: float) -> bytes | None:
    """The file's bytes, if two reads `settle` seconds apart are equal; None: not yet, or locked by its writer.

    Raises TERMINAL_BAD_FILE for one that is larger than any answer.
    """
    with reachable():
        try:
            first = _content(path, MOST_BYTES)
            time.sleep(settle)
            return first if _content(path, MOST_BYTES) == first else None
        except OSError as error:
            if error.errno in _LOCKED:
                return None
            raise


def take(config: TerminalConfig, day: date, used: Collection[RequestName], given_up: GivenUp) -> Taken:
    """A request name of that day that nobody has, neither in the folders nor on its way. `used`: further ones."""
    check_both(config)
    for _ in range(_TRIES):
        number = next_number([*_names(config), *(each.request for each in used)], day, config.first_number)
        if number is None:
            raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, "no request name is left today")
        name = RequestName(day, number)
        with reachable():
            try:
                now = _make(config.requests / name.take)
            except FileExistsError:
                continue
        # Somebody who had the name before may have finished between our listing and our taking.
        if not given_up() and not any(exchanged(each) == name for each in _names(config)):
            folder_day = _day(now)
            _sweep(config.requests, min(day, folder_day), now)  # the slower clock: one that is ahead removes too much
            return Taken(name, folder_day)
        release(config, name)
        if given_up():
            break
    raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, "no request name could be taken")


def send(config: TerminalConfig, name: RequestName, request: bytes, given_up: GivenUp) -> None:
    """Write under a temporary name, then rename. If it fails or was given up, nothing of it is left behind."""
    temporary, final = config.requests / name.temporary, config.requests / name.request
    check_both(config)
    sent = False
    try:
        with reachable():
            _write(temporary, request)
            sent = _renamed(temporary, final, given_up)
    finally:
        if not sent:
            _remove(temporary)
            release(config, name)
    if not sent:
        raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, "the request was not sent")
    if given_up():
        _remove(final)


def _renamed(temporary: Path, final: Path, given_up: GivenUp) -> bool:
    """Tried again while a virus scanner holds the new file; that sends nothing twice, as it was not there yet."""
    for tries_left in range(_RENAMES - 1, -1, -1):
        if given_up() or final.exists():
            break
        try:
            temporary.rename(final)
        except OSError as error:
            if not tries_left or error.errno not in _LOCKED:
                raise
            time.sleep(HELD_SECONDS)
        else:
            return True
    return False


def withdraw(config: TerminalConfig, name: RequestName) -> bool:
    """Take back what the terminal has not fetched: nobody waits for it. Whether there was anything."""
    _remove(config.requests / name.temporary)
    return _remove(config.requests / name.request)


def release(config: TerminalConfig, name: RequestName) -> None:
    """Give the name back to whoever comes next."""
    _remove(config.requests / name.take)


def remove_answer(config: TerminalConfig, name: str) -> None:
    _remove(config.responses / name)


def check_both(config: TerminalConfig) -> None:
    """Now and then, and before each write: a share may have come back as another one."""
    for folder in (config.requests, config.responses):
        check_folder(folder, config.env, config.mount)


def _names(config: TerminalConfig) -> list[str]:
    """Of both folders, without asking after each file: a full day's files lie there, over SMB each ask is a trip."""
    found: list[str] = []
    for folder in (config.requests, config.responses):
        with reachable(), os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                if count >= MOST_ENTRIES:
                    raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, f"more than {MOST_ENTRIES} files")
                found.append(entry.name)
    return [name for name in found if numbered(name) is not None]


def _make(path: Path) -> int:
    """An empty file that was not there. Its time (ns) is what the folder's keeper takes for now."""
    descriptor = os.open(path, _NEW, _MODE)
    try:
        now = os.fstat(descriptor).st_mtime_ns
    finally:
        os.close(descriptor)
    try:
        _day(now)
    except (OverflowError, ValueError):
        _remove(path)
        raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, "the folder's clock") from None
    return now


def _day(nanoseconds: int) -> date:
    return datetime.fromtimestamp(nanoseconds / 1e9, JAPAN).date()


def _write(path: Path, data: bytes) -> None:
    """A new file, on the disk of whoever keeps the folder when this returns."""
    with os.fdopen(os.open(path, _NEW, _MODE), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sweep(requests: Path, today: date, now: int) -> None:
    """Remove what a device left that went down in the middle: its files hold a patient's number. Best effort.

    A request that the terminal has not fetched since then is answered to nobody. `now`: by the folder's own clock.
    """
    with contextlib.suppress(DeviceError):
        for sign in listing(requests, lambda name: signed(name) is not None):
            name, old = signed(sign.name), left_over(sign.name, today)
            if name is None or (old is None and now - sign.changed < _ABANDONED_NS):
                continue
            for each in (name.request, name.temporary):
                _remove(requests / each)
            if old is not None:  # until then nobody may have the name again
                _remove(requests / name.take)


def _remove(path: Path) -> bool:
    """Best effort: over SMB a file that somebody reads stays."""
    with contextlib.suppress(OSError):
        path.unlink()
        return True
    return False


def _content(path: Path, most: int) -> bytes:
    """A plain file's bytes. OSError; TERMINAL_BAD_FILE above `most`."""
    descriptor = os.open(path, _READ_ONLY)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise DeviceError(FaultCode.TERMINAL_BAD_FILE, "no plain file")
        data = file.read(most + 1)
    if len(data) > most:
        raise DeviceError(FaultCode.TERMINAL_BAD_FILE, f"over {most} bytes")
    return data
