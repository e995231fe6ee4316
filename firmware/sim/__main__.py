"""`python -m firmware.sim`: `make run`, silent if it is interrupted early or if nobody reads on (`| head`)."""

import os
import signal
import sys


def start() -> int:
    """Until `run` takes the signals over nothing was started, so dying at once leaves nothing behind."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from firmware.sim.run import main  # noqa: PLC0415  (what takes long to load comes after the line above)

    try:
        return main()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end
        return 1


if __name__ == "__main__":
    sys.exit(start())
