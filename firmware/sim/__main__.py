"""`python -m firmware.sim`: `make run`, silent if it is interrupted while its libraries are still being loaded."""

import signal
import sys


def start() -> int:
    """Until `run` takes the signals over nothing was started, so dying at once leaves nothing behind."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from firmware.sim.run import main  # noqa: PLC0415  (what takes long to load comes after the line above)

    return main()


if __name__ == "__main__":
    sys.exit(start())
