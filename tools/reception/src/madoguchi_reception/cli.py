"""`madoguchi-reception`: receive results, or ask a device something.

Exit codes: 0 done, 1 refused by the device, 2 wrong use or configuration, 3 no answer in time.
"""

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path

from madoguchi_reception.asking import Asking
from madoguchi_reception.config import Config, ConfigError, load
from madoguchi_reception.desk import Desk
from madoguchi_reception.printer import Printer
from madoguchi_reception.queries import OPTIONAL, OPTIONS, SEXES, QueryError, from_json, from_options
from madoguchi_reception.requests import Query, Wish

VERBS = {
    "staff-check": "answer a staff check: the person was compared with the card's photo",
    "confirm-result": "say whether the one result that was found is this visit's patient",
    "cancel": "end a visit",
    "replay": "ask for everything not acknowledged",
    "ping": "ask for a sign of life",
    "lookup": "look up eligibility by the insured number of a 資格確認書",
    "emergency-search": "look up by the person's own data, in disaster mode only",
}
ABOUT_A_VISIT = {"staff-check", "confirm-result", "cancel"}
ANSWER_SECONDS = 10.0
QUERY_SECONDS = 210.0
"""Longer than a device takes, 200 s: after that a query has to be asked again."""
IN_VAIN = {
    "no answer": "the device did not say that it took the query: it may be off or starting. Ask again",
    "no answer yet": "the device took the query, but no answer came: it may have gone down. If it comes yet, the next "
    "`run` gets it; otherwise ask again",
}
"""What a status means for a query."""


def main(arguments: list[str] | None = None) -> int:
    """The command's entry."""
    options = _parser().parse_args(arguments)
    try:
        config = load(options.config)
        return _run(config, options) if options.command == "run" else _ask(config, options)
    except (ConfigError, QueryError) as error:
        print(f"madoguchi-reception: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="madoguchi-reception", description="Receives results of counter devices.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = _command(commands, "run", "receive, store and acknowledge results until interrupted")
    run.add_argument("--language", choices=("ja", "en"))
    for name, text in VERBS.items():
        verb = _command(commands, name, text)
        wait = QUERY_SECONDS if name in OPTIONS else ANSWER_SECONDS
        verb.add_argument("--device", help="needed where the site has several")
        verb.add_argument("--timeout", type=float, default=wait, help=f"seconds to wait for the answer ({wait:g})")
        if name in ABOUT_A_VISIT:
            verb.add_argument("--visit", required=True, help="the visit's id, 32 hex digits")
        if name in {"staff-check", "confirm-result"}:
            answer = verb.add_mutually_exclusive_group(required=True)
            answer.add_argument("--approve", action="store_true")
            answer.add_argument("--refuse", "--deny", action="store_true")
        if name in OPTIONS:
            _add_query(verb, name)
    return parser


def _add_query(verb: argparse.ArgumentParser, name: str) -> None:
    verb.add_argument("--input", help="file with the query as JSON, national names; - reads standard input")
    for option, member in OPTIONS[name].items():
        text = f"{member}{' (optional)' if option in OPTIONAL else ''}"
        verb.add_argument(f"--{option}", help=text, choices=sorted(SEXES) if option == "sex" else None)
    if name == "lookup":
        verb.add_argument(
            "--limit-consent", action="store_true", help="the patient agrees that 限度額情報 is looked up too"
        )


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


def _ask(config: Config, options: argparse.Namespace) -> int:
    device: str | None = options.device or (next(iter(config.devices)) if len(config.devices) == 1 else None)
    if device is None or device not in config.devices:
        raise QueryError("--device must name one of the site's devices")
    query = _query(config, options, device) if options.command in OPTIONS else None
    wish = Wish(options.command, device, getattr(options, "visit", None), getattr(options, "approve", None))
    asking = Asking(config, wish, query)
    asking.wait(options.timeout)
    printer = Printer(config.language, as_json=options.json)
    if asking.answer is not None:
        printer("response", {"device": device, **asking.answer})
    if asking.result is not None:
        printer("message", {"bytes": asking.size, **asking.result.printable})
    return _exit_code(asking, printer, device)


def _exit_code(asking: Asking, printer: Printer, device: str) -> int:
    if asking.is_done:
        return 0
    if asking.answer is not None and asking.answer.get("status") != "ok":
        return 1
    status = "no answer" if asking.answer is None else "no answer yet"
    printer("response", {"device": device, "jti": asking.jti, "status": status})
    if asking.is_query:
        print(f"madoguchi-reception: {IN_VAIN[status]}", file=sys.stderr)
    return 3


def _query(config: Config, options: argparse.Namespace, device: str) -> Query:
    if (key := config.sealing.get(device)) is None:
        raise QueryError(f"device_encryption.{device}: missing; queries are sealed to that key")
    if options.input is None:
        given = {name: getattr(options, name) for name in OPTIONS[options.command]}
        return Query(from_options(options.command, given, limit_consent=getattr(options, "limit_consent", False)), key)
    try:
        text = sys.stdin.read() if options.input == "-" else Path(options.input).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"--input: {type(error).__name__}") from error
    return Query(from_json(text), key)


if __name__ == "__main__":
    sys.exit(main())
