"""The product's part of `requirements.lock`, on standard output: what a device needs, without the tools of developers.

Follows the requirements of the installed `madoguchi` through the metadata in this environment, so it runs in the
clone's `.venv` (after `make setup`). Exit code 0, or 1 with one line on standard error.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def closure(name: str, extras: tuple[str, ...] = ("",), seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """Canonical names of everything that `name` needs on this machine, without itself."""
    for text in requires(name) or ():
        requirement = Requirement(text)
        wanted = requirement.marker is None or any(requirement.marker.evaluate({"extra": each}) for each in extras)
        needed = canonicalize_name(requirement.name)
        if wanted and needed not in seen:
            seen = closure(requirement.name, ("", *requirement.extras), seen | {needed})
    return seen


def blocks(lock: str) -> Iterator[tuple[str, str]]:
    """Name and text (pin and hashes) of each package of a lock."""
    for block in re.split(r"\n(?=\S)", lock):
        found = re.match(r"([A-Za-z0-9._-]+)==", block)
        if found:
            yield canonicalize_name(found[1]), block.rstrip()


def product_lock(lock: str, names: frozenset[str]) -> str:
    """The blocks of `names`. Raises ValueError for one that the lock does not hold."""
    chosen = [(name, block) for name, block in blocks(lock) if name in names]
    absent = sorted(names - {name for name, _ in chosen})
    if absent:
        raise ValueError(f"not in the lock: {', '.join(absent)}")
    return "\n".join(block for _, block in chosen) + "\n"


def main() -> int:
    try:
        names = closure("madoguchi")
        sys.stdout.write(product_lock((ROOT / "requirements.lock").read_text(encoding="utf-8"), names))
    except (PackageNotFoundError, ValueError, OSError) as error:
        print(f"product_lock: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
