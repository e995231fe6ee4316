"""The entry of the command `madoguchi`: `run` goes straight to the daemon, everything else to the command line.

The command line's libraries cost a daemon memory and starting time for nothing, so they are imported only for people
(design.md, "Chosen libraries"). Main thread. Exit codes: see `cli.py`.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from firmware.core.fault_texts import CATALOGUE
from firmware.core.faults import DeviceError, FaultCode
from firmware.health.watchdog import Notifier

DEFAULT_CONFIG = Path("/etc/madoguchi/madoguchi.toml")
EX_CONFIG = 78


def run_device(config: Path, *, verbose: bool) -> None:
    """Run the device until it is told to stop. Under systemd wrong settings are shown and waited for."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    from firmware.app import daemon

    notifier = Notifier()
    try:
        daemon.run(config)
    except DeviceError as error:
        if not notifier.active:
            fail(error)
        from firmware.app.unready import wait_for_settings

        logging.getLogger("madoguchi").error("not ready: %s", error)  # noqa: TRY400  (the reason is the whole story)
        wait_for_settings(config, error.code, notifier)


def fail(error: DeviceError) -> NoReturn:
    """End with code, what is wrong and what to do, on standard error."""
    text = CATALOGUE[error.code]
    sys.stderr.write(f"madoguchi: {error}\n  {text.staff.en}\n  {text.remedy.en}\n")
    sys.exit(1 if error.code is FaultCode.EFFECT_FAILED else EX_CONFIG)


def _run_arguments(words: Sequence[str]) -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="madoguchi run", description="Run the device until it is told to stop.")
    made.add_argument("--config", "-c", type=Path, default=DEFAULT_CONFIG, help="The settings file.")
    made.add_argument("--verbose", "-v", action="store_true", help="Log more than warnings.")
    return made.parse_args(words)


def main() -> None:
    if sys.argv[1:2] == ["run"]:
        arguments = _run_arguments(sys.argv[2:])
        run_device(arguments.config, verbose=arguments.verbose)
        return
    from firmware.app import cli

    cli.main()


if __name__ == "__main__":
    main()
