"""The terminal simulator as a process: prints one line `ready FOLDER` and runs until SIGTERM or SIGINT.

`python -m firmware.sim.terminal --root FOLDER [--control SOCKET] …`. FOLDER gets req, res and face. Control socket
(firmware.sim.control), commands: `quirk` (value: a name of `Quirk` or null, for the next request), `delay` (seconds),
`face` (who: a short name of the invented people; birth_date and sex of a card replace theirs; namesake: true for
somebody of the same name, birth date and sex; quirk), `seen` (counts).
Exit code 0, or 2 with one line when folder, password file or socket are no good. Blocking only before the loop.
"""

import argparse
import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from firmware.sim.control import ControlError, ControlServer, Message
from firmware.sim.gateway.seed import SEED
from firmware.sim.serving import serve
from firmware.sim.terminal.answers import Facility
from firmware.sim.terminal.archive import Packing
from firmware.sim.terminal.quirks import Quirk
from firmware.sim.terminal.terminal import Terminal, TerminalOptions
from firmware.sim.terminal.xml import Style


def register_commands(control: ControlServer, terminal: Terminal) -> None:
    """Let `control` command `terminal`."""

    def quirk(message: Message) -> Message:
        value = message["value"]
        terminal.next_quirks.append(None if value is None else Quirk(str(value)))
        return {}

    def delay(message: Message) -> Message:
        seconds = message["seconds"]
        if not isinstance(seconds, int | float) or not 0 <= seconds <= 3600:
            raise ValueError("seconds")
        terminal.options = replace(terminal.options, delay=(float(seconds), float(seconds)))
        return {}

    async def face(message: Message) -> Message:
        person = SEED[str(message["who"])]
        if "birth_date" in message:
            person = person.born(str(message["birth_date"]), str(message["sex"]))
        if message.get("namesake"):
            person = person.namesake()
        wanted = message.get("quirk")
        await terminal.put_face(person, None if wanted is None else Quirk(str(wanted)))
        return {}

    def seen(_message: Message) -> Message:
        counts = terminal.seen
        return {
            "requests": counts.requests,
            "answered": counts.answered,
            "refused": counts.refused,
            "twice": counts.twice,
        }

    control.on("quirk", quirk)
    control.on("delay", delay)
    control.on("face", face)
    control.on("seen", seen)


async def _run(options: TerminalOptions, control_path: Path | None) -> None:
    terminal = Terminal(options)
    await serve(terminal, control_path, lambda control: register_commands(control, terminal), lambda: options.root)


def _options(arguments: argparse.Namespace) -> TerminalOptions:
    password = arguments.password_file
    return TerminalOptions(
        root=arguments.root,
        people=tuple(SEED.values()),
        env=arguments.env,
        facility=Facility(arguments.institution, arguments.encoding),
        delay=tuple(arguments.delay),
        style=Style(encoding=arguments.encoding),
        password=None if password is None else password.read_bytes().strip(),
        packing=None if arguments.packing is None else Packing(arguments.packing),
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m firmware.sim.terminal", description="Simulated terminal.")
    parser.add_argument("--root", type=Path, required=True, metavar="DIR", help="gets req, res and face")
    parser.add_argument("--control", type=Path, metavar="SOCKET", help="unix socket for commands")
    parser.add_argument("--env", choices=("sim", "test"), default="sim")
    parser.add_argument("--institution", default="1319999999", metavar="CODE", help="10 digits")
    parser.add_argument("--encoding", choices=("Shift_JIS", "UTF-8"), default="Shift_JIS")
    parser.add_argument("--delay", type=float, nargs=2, default=(3.0, 7.0), metavar=("FROM", "TO"), help="seconds")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="of packed responses")
    parser.add_argument("--packing", choices=[each.value for each in Packing], help="pack all responses")
    arguments = parser.parse_args()
    try:
        asyncio.run(_run(_options(arguments), arguments.control))
    except (ValueError, OSError, ControlError) as error:
        print(f"terminal: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
