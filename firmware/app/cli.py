"""The command `madoguchi`: run the device, look at its settings, replay its journal.

Machines ask for `--json`. Exit codes: 0 fine, 1 a difference or a wrong file, 2 wrong usage, 78 wrong configuration.
"""

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from firmware.app.entry import DEFAULT_CONFIG, fail, run_device
from firmware.app.environment import checked_env
from firmware.core.faults import DeviceError
from firmware.settings.schema import Settings
from firmware.version import SOFTWARE

app = typer.Typer(
    help="Madoguchi (窓口): the firmware of a counter device for clinics.",
    epilog="Exit codes: 0 fine, 1 a difference or a wrong file, 2 wrong usage, 78 wrong settings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
settings_app = typer.Typer(help="Look at the settings.", no_args_is_help=True)
app.add_typer(settings_app, name="settings")

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(SOFTWARE)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """The firmware of a counter device for clinics."""


@app.command()
def run(config: Config = DEFAULT_CONFIG, verbose: Annotated[bool, typer.Option("--verbose", "-v")] = False) -> None:
    """Run the device until it is told to stop (Ctrl-C, SIGTERM)."""
    run_device(config, verbose=verbose)


@settings_app.command("show")
def settings_show(
    config: Config = DEFAULT_CONFIG,
    changed: Annotated[bool, typer.Option("--changed", help="Only what differs from the defaults.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the effective settings, secrets hidden, and say what is wrong with them."""
    from firmware.settings.load import load
    from firmware.settings.show import show

    try:
        settings = load(config)
        print(show(settings, changed=changed, as_json=as_json), end="", flush=True)
        _check(settings)
    except DeviceError as error:
        fail(error)


def _check(settings: Settings) -> None:
    """What `run` refuses beside a file that is wrong by itself; and a disaster mode that would silently be off."""
    from firmware.app import compose, eligibility
    from firmware.publish.queries import LONGEST_DISASTER

    compose.policy(settings, checked_env(settings))
    eligibility.texts(settings)
    disaster = settings.disaster
    if disaster is not None and not 0 < disaster.ends - time.time() <= LONGEST_DISASTER:
        sys.stderr.write("madoguchi: disaster.until is over or more than 31 days ahead: disaster mode is off\n")


@app.command()
def models(
    config: Config = DEFAULT_CONFIG,
    folder: Annotated[Path | None, typer.Option("--folder", help="This folder; no settings are read.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the models with licence, source, hash and thresholds; check that each is the file it should be."""
    from firmware.app.models_command import show
    from firmware.settings.load import load

    try:
        where = folder or load(config).models.dir
    except DeviceError as error:
        fail(error)
    raise typer.Exit(show(where, as_json=as_json))


@app.command()
def replay(file: Annotated[Path, typer.Argument(help="A journal, journal.jsonl.")], as_json: AsJson = False) -> None:
    """Run a journal again and say where this build decides otherwise."""
    from firmware.session.journal import JournalError
    from firmware.session.journal import replay as replay_lines

    different = 0
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        for number, item in enumerate(replay_lines(lines), start=1):
            different += not item.same
            _print_replayed(number, type(item.event).__name__, item.recorded, type(item.state).__name__, as_json)
    except (OSError, UnicodeDecodeError, JournalError) as error:
        reason = error if isinstance(error, JournalError) else f"cannot be read ({type(error).__name__})"
        print(f"{file.name}: {reason}", file=sys.stderr)
        raise typer.Exit(1) from None
    if not as_json:
        print("same decisions" if not different else f"{different} decisions differ")
    raise typer.Exit(1 if different else 0)


def _print_replayed(number: int, event: str, recorded: str, reached: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"line": number, "event": event, "recorded": recorded, "reached": reached}))
        return
    mark = "" if recorded == reached else f"   here: {reached}"
    print(f"{number:>5}  {event:<18} -> {recorded}{mark}")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
