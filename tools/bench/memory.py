"""Memory and processor time of a process, from /proc.

The parsers are pure; `sample`, `cpu_seconds` and `children` read /proc and raise OSError when the process has gone.
Memory in bytes. Source: proc(5): smaps_rollup, status, stat, task/TID/children.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEGABYTE: Final = 1_000_000
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """`rss`: resident; `pss`: resident, shared pages divided among those who share them; `peak`: highest `rss`."""

    rss: int
    pss: int
    anonymous: int
    peak: int


def sizes(text: str) -> dict[str, int]:
    """Every `Name:  123 kB` line of smaps_rollup or status, in bytes."""
    found: dict[str, int] = {}
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        words = rest.split()
        if colon and len(words) == 2 and words[1] == "kB" and words[0].isdigit():
            found[name] = int(words[0]) * _KIB
    return found


def processor_ticks(stat: str) -> int:
    """User and system time. The command's name stands in brackets and may hold anything, so count from the last one."""
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def sample(pid: int) -> Memory:
    """A process's memory now."""
    folder = Path("/proc") / str(pid)
    rollup = sizes((folder / "smaps_rollup").read_text(encoding="ascii"))
    status = sizes((folder / "status").read_text(encoding="utf-8"))
    return Memory(rollup["Rss"], rollup["Pss"], rollup["Anonymous"], status["VmHWM"])


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    stat = (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8")
    return processor_ticks(stat) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Child processes of all its threads."""
    found: list[int] = []
    for thread in (Path("/proc") / str(pid) / "task").iterdir():
        found += map(int, (thread / "children").read_text(encoding="ascii").split())
    return sorted(found)
