"""Keeps this process's memory to itself: no core dumps, and nobody of the same user looks in.

`seal_process` on the main thread, before the first card or camera is opened. Standard library only. Linux: what a
kernel refuses is told by the answer, never raised, for the device runs on without it. Source: core(5), prctl(2),
proc(5); design.md, "Secrets".

One lock against dumps is not enough. The limit stops files only: where core_pattern names a program, that one is given
the dump whatever the limit. A process that is not dumpable has no dump at all, and no other process of its user can
read its memory; but exec undoes it. The filter takes every ordinary page out of a dump that is made all the same, by
root with a debugger too, and the photo decoder inherits it.
"""

import ctypes
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h
_FILTER: Final = Path("/proc/self/coredump_filter")
_libc: Final = ctypes.CDLL(None, use_errno=True)


def seal_process(*, readable: bool = False) -> tuple[str, ...]:
    """No dumps of this process from now on. What the kernel refused, by name; empty is good. Idempotent.

    `readable`: other processes of the same user may still look at it, as the simulator's search for traces does.
    """
    # In this order: /proc/self belongs to root as soon as the process is not dumpable.
    steps: list[tuple[str, Callable[[], None]]] = [("coredump_filter", _filter), ("RLIMIT_CORE", _limit)]
    if not readable:
        steps.append(("PR_SET_DUMPABLE", _hide))
    return tuple(name for name, step in steps if not _done(step))


def _done(step: Callable[[], None]) -> bool:
    try:
        step()
    except (OSError, ValueError):
        return False
    return True


def _filter() -> None:
    # Written only if it differs: a second call comes when the file is root's already.
    if int(_FILTER.read_text(encoding="ascii"), 16) != 0:
        _FILTER.write_text("0", encoding="ascii")


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _hide() -> None:
    if _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
