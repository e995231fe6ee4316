"""`madoguchi-reception`: receive results, or ask a device something.

Exit codes: 0 done, 1 refused by the device, 2 wrong use or configuration, 3 no answer in time.
"""

import argparse
import signal
import sys
import threading
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from madoguchi_reception.config import Config, ConfigError, load
from madoguchi_reception.desk import ROOT, Desk
from madoguchi_reception.link import Link
from madoguchi_reception.opener import Refused
from madoguchi_reception.printer import Printer
from madoguchi_reception.requests import LIFETIME, Signer, Wish, read_response


def main(arguments: list[str] | None = None) -> int:
    """The command's entry."""
    options = _parser().parse_args(arguments)
    try:
        config = load(options.config)
    except ConfigError as error:
        print(f"madoguchi-reception: {error}", file=sys.stderr)
        return 2
    return _run(config, options) if options.command == "run" else _ask(config, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="madoguchi-reception", description="Receives results of counter devices.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = _command(commands, "run", "receive, store and acknowledge results until interrupted")
    run.add_argument("--language", choices=("ja", "en"))
    for name, text in (
        ("staff-check", "answer a staff check: the person was compared with the card's photo"),
        ("cancel", "end a visit"),
        ("replay", "ask for everything not acknowledged"),
        ("ping", "ask for a sign of life"),
    ):
        verb = _command(commands, name, text)
        verb.add_argument("--device", help="needed where the site has several")
        verb.add_argument("--timeout", type=float, default=10.0, help="seconds to wait for the answer (default 10)")
        if name in {"staff-check", "cancel"}:
            verb.add_argument("--visit", required=True, help="the visit's id, 32 hex digits")
        if name == "staff-check":
            answer = verb.add_mutually_exclusive_group(required=True)
            answer.add_argument("--approve", action="store_true")
            answer.add_argument("--deny", action="store_true")
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text)
    command.add_argument("--config", type=Path, required=True, help="reception.toml")
    command.add_argument("--json", action="store_true", help="JSON lines instead of text")
    return command


def _run(config: Config, options: argparse.Namespace) -> int:
    chosen = replace(config, language=options.language or config.language)
    desk = Desk(chosen, Printer(chosen.language, as_json=options.json))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: desk.stop())
    desk.run()
    return 0


class Asking:
    """One request and the wait for its signed answer. A `link.Events`."""

    def __init__(self, config: Config, wish: Wish) -> None:
        self._config, self._wish = config, wish
        self.jti, self._token = Signer(config.signing, config.reception, config.env).request(wish)
        self._answers = f"{ROOT}/{config.site}/rx/{config.reception}/res/{wish.device}"
        # The reception's own client id belongs to the running receiver; taking it would throw that one out.
        name = f"rx-{config.reception}-{uuid.uuid4().hex[:8]}"
        self.link = Link(config.broker, name, (self._answers,), self)
        self.answer: dict[str, Any] | None = None

    def wait(self, seconds: float) -> None:
        """Ask and wait; the answer, if any, is in `answer`."""
        timer = threading.Timer(min(seconds, LIFETIME), self.link.stop)
        timer.start()
        try:
            self.link.run()
        finally:
            timer.cancel()

    def online(self) -> None:
        """See `link.Events`."""
        topic = f"{ROOT}/{self._config.site}/{self._wish.device}/req/{self._wish.verb}"
        self.link.publish(topic, self._token.encode(), expiry=LIFETIME)

    def offline(self, reason: str) -> None:
        """See `link.Events`."""
        print(f"madoguchi-reception: {reason}", file=sys.stderr)

    def message(self, _topic: str, payload: bytes) -> None:
        """See `link.Events`."""
        keys = self._config.devices[self._wish.device]
        try:
            claims = read_response(payload.decode("ascii", "replace"), keys, self._config.reception)
        except Refused:
            return
        if claims.get("jti") == self.jti:
            self.answer = claims
            self.link.stop()


def _ask(config: Config, options: argparse.Namespace) -> int:
    device: str | None = options.device or (next(iter(config.devices)) if len(config.devices) == 1 else None)
    if device is None or device not in config.devices:
        print("madoguchi-reception: --device must name one of the site's devices", file=sys.stderr)
        return 2
    approved = options.approve if options.command == "staff-check" else None
    asking = Asking(config, Wish(options.command, device, getattr(options, "visit", None), approved))
    asking.wait(options.timeout)
    printer = Printer(config.language, as_json=options.json)
    if asking.answer is None:
        printer("response", {"device": device, "jti": asking.jti, "status": "no answer"})
        return 3
    printer("response", {"device": device, **asking.answer})
    return 0 if asking.answer.get("status") == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
