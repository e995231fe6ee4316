"""`make run`: one patient's visit on the real stack, told step by step. `python -m firmware.sim [FLAGS]`.

Four processes on 127.0.0.1 in a private run folder: this one plays the patient and starts world, device and reception.
Root first becomes an ordinary user; the root process then only waits and takes the film strip over. Exit codes: 0 the
visit ended as it must, 1 it did not, 2 wrong flags, 3 something is missing or did not start, 130 interrupted. Ctrl-C at
any time leaves no process, socket or file.
"""

import argparse
import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import IO, Final

from firmware.sim.control import ControlError
from firmware.sim.processes import CHECKOUT, OrdinaryUser, ProcessError, clean_environment, ordinary_user
from firmware.sim.scenario.crew import Crew, CrewError, CrewOptions
from firmware.sim.scenario.outcomes import listed
from firmware.sim.scenario.patient import HUMAN, Pace
from firmware.sim.scenario.plan import PULLABLE, Flags, Plan
from firmware.sim.scenario.player import Verdict, play
from firmware.sim.scenario.report import as_json, has_room, real_parts, shows_braille, tell_end, tell_parts
from firmware.sim.scenario.story import Story
from firmware.sim.scenario.wishes import PlanError, make_plan

EXIT_WRONG: Final = 1
EXIT_USAGE: Final = 2
EXIT_MISSING: Final = 3
EXIT_INTERRUPTED: Final = 130
_FILM: Final = Path("build") / "film.png"
_SCREEN: Final = 131
"""Columns that a drawn screen needs."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def parser() -> argparse.ArgumentParser:
    """Flags of `make run`."""
    made = argparse.ArgumentParser(
        prog="make run",
        description="Plays one visit of an invented patient.",
        epilog=f"names for --answer, by outcome and by what staff are told to look at:\n{listed()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--impostor", action="store_true", help="somebody else shows the holder's card")
    add("--pin", action="store_true", help="by PIN instead of face")
    add("--wrong-pin", action="store_true", help="by PIN, wrong once")
    add("--staff", action="store_true", help="by a staff check at the reception")
    add("--forged-chip", action="store_true", help="a chip with the forger's own keys and a copied certificate")
    add("--accept-unknown-issuer", action="store_true", help="with --forged-chip: the site accepts unknown issuers")
    add("--front", action="store_true", help="a camera reads number B off the card's front, nothing is typed")
    add("--back-first", action="store_true", help="as --front, and the card's back is shown first")
    add("--one-camera", action="store_true", help="as --front with one camera: the card is lifted and shown to it")
    add("--liveness", action="store_true", help="the site demands a liveness challenge, and the patient moves as asked")
    add("--print", action="store_true", help="with --liveness: somebody moves a print of the holder's face instead")
    add("--refuse-consent", action="store_true", help="the patient shares nothing")
    add("--pull-card-at", metavar="STATE", help=f"take the card in one of {', '.join(PULLABLE)}")
    add("--gateway-down", action="store_true", help="the eligibility gateway is away")
    add("--broker-down", action="store_true", help="the MQTT broker is away until the visit is over")
    add("--reception-down", action="store_true", help="the reception is away until the visit is over")
    _add_eligibility(made)
    add("--human", action="store_true", help="think and type as slowly as a person")
    add("--json", action="store_true", help="one JSON document instead of text")
    add("--quiet", action="store_true", help="only the end")
    add("--film", type=Path, default=_FILM, metavar="PATH", help=f"film strip of all screens (default {_FILM})")
    add("--keep", action="store_true", help="leave the run folder behind and say where it is")
    add("--world", action="append", default=[], metavar="ARGUMENT", help="one more argument for the world process")
    add("--film-fd", type=int, help=argparse.SUPPRESS)
    add("--device-command", help=argparse.SUPPRESS)
    return made


def _add_eligibility(made: argparse.ArgumentParser) -> None:
    add = made.add_argument
    add("--answer", metavar="NAME", help="whose answer it is: a name below, or an outcome for its first name")
    add("--number", action="store_true", help="no card: the reception asks by insured number")
    add(
        "--disaster",
        action="store_true",
        help="no card: disaster mode, the reception asks by name, birth, sex, address",
    )
    add("--terminal", action="store_true", help="with --number or --pick-up: the official terminal, and no gateway")
    add("--pick-up", action="store_true", help="with --terminal: staff confirm what the official reader found")
    add("--twins", action="store_true", help="with --pick-up: two of its results fit, so none is shown")


def flags_of(arguments: argparse.Namespace) -> Flags:
    """What the command line says of the visit."""
    return Flags(
        impostor=arguments.impostor,
        pin=arguments.pin,
        wrong_pin=arguments.wrong_pin,
        staff=arguments.staff,
        refuse_consent=arguments.refuse_consent,
        pull_card_at=arguments.pull_card_at,
        gateway_down=arguments.gateway_down,
        broker_down=arguments.broker_down,
        reception_down=arguments.reception_down,
        forged_chip=arguments.forged_chip,
        accept_unknown_issuer=arguments.accept_unknown_issuer,
        front=arguments.front,
        back_first=arguments.back_first,
        one_camera=arguments.one_camera,
        liveness=arguments.liveness,
        printed=arguments.print,
        answer=arguments.answer,
        number=arguments.number,
        disaster=arguments.disaster,
        terminal=arguments.terminal,
        pick_up=arguments.pick_up,
        twins=arguments.twins,
    )


async def perform(arguments: argparse.Namespace, plan: Plan) -> int:
    """Play and tell; whatever happens, everything is down afterwards."""
    loud = not (arguments.quiet or arguments.json)
    story = Story(tell=print if loud else lambda _: None, draw=loud and has_room(_SCREEN), braille=shows_braille())
    options = CrewOptions(keep=arguments.keep, world=tuple(arguments.world))
    if arguments.device_command:
        options = CrewOptions(options.keep, options.world, tuple(arguments.device_command.split()))
    crew = Crew(plan, options)
    if loud:
        print(f"Playing {plan.name}\n")
    try:
        verdict = await play(plan, crew, story, HUMAN if arguments.human else Pace())
    finally:
        await crew.stop()
        if arguments.keep:
            print(f"run folder kept: {crew.folder}", file=sys.stderr)
    _finish(arguments, plan, story, verdict)
    return 0 if verdict.good else EXIT_WRONG


def _finish(arguments: argparse.Namespace, plan: Plan, story: Story, verdict: Verdict) -> None:
    if arguments.film_fd is None:
        arguments.film.parent.mkdir(parents=True, exist_ok=True)
        story.film.save(arguments.film)
    else:
        with os.fdopen(arguments.film_fd, "wb") as stream:
            story.film.write(stream)
    user = pwd.getpwuid(os.geteuid()).pw_name
    if arguments.json:
        print(as_json(plan, story, verdict, user))
        return
    tell_end(plan, story, verdict, str(arguments.film))
    tell_parts(plan, real_parts(plan, story, verdict), user)


async def _interruptible(arguments: argparse.Namespace, plan: Plan) -> int:
    """Signals cancel the visit once; the way down that follows is bounded and not cut short by a second one."""
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(perform(arguments, plan))
    asked = False

    def cancel() -> None:
        nonlocal asked
        if not asked:
            asked = True
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, cancel)
    try:
        return await task
    except asyncio.CancelledError:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def play_here(arguments: argparse.Namespace, plan: Plan) -> int:
    """Play in this process."""
    try:
        return asyncio.run(_interruptible(arguments, plan))
    except (CrewError, ControlError, ProcessError) as error:
        print(f"make run: {error}", file=sys.stderr)
        return EXIT_MISSING


def play_as(user: OrdinaryUser, words: list[str], film: Path) -> int:
    """Play in a child that is an ordinary user; take its film strip over.

    The strip comes through an unlinked file: the user need not be able to write into this folder, and a child that is
    interrupted leaves nothing.
    """
    environment = clean_environment()
    environment.pop("TMPDIR", None)
    with tempfile.TemporaryFile() as strip:
        command = [*user.prefix, sys.executable, "-m", "firmware.sim", *words, "--film-fd", str(strip.fileno())]
        forwarder = _Forwarder()
        child = subprocess.Popen(command, cwd=CHECKOUT, env=environment, pass_fds=[strip.fileno()])
        forwarder.attach(child)
        code = child.wait()
        _save_strip(strip, film)
    return code if code >= 0 else 128 - code


class _Forwarder:
    """Passes signals on to the child; those that came before there was one, afterwards."""

    def __init__(self) -> None:
        self._early: list[int] = []
        self._child: subprocess.Popen[bytes] | None = None
        for number in _SIGNALS:
            signal.signal(number, self._take)

    def attach(self, child: "subprocess.Popen[bytes]") -> None:
        self._child = child
        for number in self._early:
            child.send_signal(number)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self._child is None:
            self._early.append(number)
        else:
            self._child.send_signal(number)


def _save_strip(strip: IO[bytes], film: Path) -> None:
    strip.seek(0, os.SEEK_END)
    if strip.tell() == 0:
        return
    strip.seek(0)
    film.parent.mkdir(parents=True, exist_ok=True)
    part = film.with_name(film.name + ".part")
    with part.open("wb") as target:
        shutil.copyfileobj(strip, target)
    part.replace(film)


def main(words: list[str] | None = None) -> int:
    """Entry of `make run`."""
    words = sys.argv[1:] if words is None else words
    arguments = parser().parse_args(words)
    try:
        plan = make_plan(flags_of(arguments))
    except PlanError as error:
        print(f"make run: {error}", file=sys.stderr)
        return EXIT_USAGE
    try:
        user = ordinary_user()
        if user is not None:
            return play_as(user, words, arguments.film)
        if os.geteuid() == 0:
            print("make run: no ordinary user can read this checkout, so this runs as root", file=sys.stderr)
        return play_here(arguments, plan)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
