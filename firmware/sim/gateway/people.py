"""The people file, which binds invented people to certificates; and the seed of such people.

Blocking file access, any thread. Raises ValueError for a file that is not a people file.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from firmware.sim.gateway.insured import Insured, Members, fingerprint
from firmware.sim.gateway.seed import SEED

__all__ = ["SEED", "Insured", "Members", "fingerprint", "read_people", "write_people"]


@dataclass(frozen=True, slots=True, repr=False)
class _Row:
    certificate_sha256: str
    code: str
    coverages: list[dict[str, object]] = field(default_factory=list)
    after_registration: list[dict[str, object]] = field(default_factory=list)
    members: dict[str, object] = field(default_factory=dict)


def write_people(path: Path, people: Iterable[tuple[bytes, Insured]]) -> None:
    """Write certificates (DER) and their holders' answers."""
    rows = [
        {
            "certificate_sha256": fingerprint(certificate),
            "code": person.code,
            "coverages": list(person.coverages),
            "after_registration": list(person.after_registration),
            "members": person.members,
        }
        for certificate, person in people
    ]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def read_people(path: Path) -> list[tuple[str, Insured]]:
    """Fingerprints and answers."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    try:
        known = [_Row(**row) for row in rows]
    except TypeError as error:
        raise ValueError("not a people file") from error
    return [
        (
            row.certificate_sha256,
            Insured(row.code, tuple(row.coverages), tuple(row.after_registration), row.members),
        )
        for row in known
    ]
