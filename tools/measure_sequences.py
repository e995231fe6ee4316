"""Measures A2: random event sequences against `step`. `python tools/measure_sequences.py [--sequences 50000]`.

Plays them on all cores; the first sequence that breaks an invariant is named by its seed. Writes the record "A2".
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.property.session.world import play  # noqa: E402  # started as a script
from tools.measure import record  # noqa: E402  # as above

CHUNK = 500


def chunk(first: int) -> tuple[int, int, str | None]:
    """Visits that passed Identifying, late amendments, and the seed that broke something."""
    passed = late = 0
    for seed in range(first, first + CHUNK):
        try:
            world = play(seed)
        except AssertionError as error:
            return passed, late, f"seed {seed}: {str(error).splitlines()[0] if str(error) else 'broken'}"
        passed += len(world.passed)
        late += sum(world.detached.values())
    return passed, late, None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=50_000)
    wanted = parser.parse_args().sequences
    start, passed, late, broken = time.monotonic(), 0, 0, []
    with ProcessPoolExecutor() as pool:
        for done, (some, amended, wrong) in enumerate(pool.map(chunk, range(0, wanted, CHUNK)), start=1):
            passed, late = passed + some, late + amended
            broken += [wrong] if wrong else []
            if done % 10 == 0:
                print(f"{done * CHUNK} sequences, {time.monotonic() - start:.0f} s", flush=True)
    what = f"sequences that broke an invariant, of {wanted} ({passed} visits passed Identifying, {late} amended late)"
    print("\n".join(broken) or "no invariant was broken")
    record(
        id="A2",
        what=what,
        figure=len(broken),
        unit="sequences",
        goal="0 of 50000",
        met=not broken and wanted >= 50_000,
        command="make measure-sequences",
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
