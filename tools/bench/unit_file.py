"""The environment that a systemd unit gives its process, read from the unit file.

Pure but for `read`. Source: systemd.exec(5), `Environment=`: assignments separated by spaces, quoted as in a shell; a
line without any resets what came before. Specifiers and line continuations are not used in our unit and refused.
"""

import shlex
from pathlib import Path
from typing import Final

HYGIENE: Final = ("PYTHONMALLOC", "GLIBC_TUNABLES", "MALLOC_ARENA_MAX", "LD_BIND_NOW")
"""What makes freed memory be overwritten, and keeps the linker from spilling registers (design.md, "Secrets")."""


def environment(text: str) -> dict[str, str]:
    """All assignments of the section `[Service]`. ValueError for what is not read here."""
    found: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped
        elif section == "[Service]" and stripped.startswith("Environment="):
            value = stripped.removeprefix("Environment=")
            if value.endswith("\\") or "%" in value:
                raise ValueError("continued lines and specifiers are not read")
            words = shlex.split(value)
            if not words:
                found.clear()
            found.update(_assignment(word) for word in words)
    return found


def _assignment(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (name and equals):
        raise ValueError(f"no assignment: {word}")
    return name, value


def read(path: Path) -> dict[str, str]:
    """The environment of the unit at `path`."""
    return environment(path.read_text(encoding="utf-8"))


def plain(full: dict[str, str]) -> dict[str, str]:
    """Without the variables of memory hygiene."""
    return {name: value for name, value in full.items() if name not in HYGIENE}
