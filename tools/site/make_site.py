"""Make a site in one command: `python tools/site/make_site.py OUT` (see --help).

Writes CA, certificates, keys and settings of device, receptions, gateway and broker into OUT. Exit code 0, or 2 with
one line on standard error.
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.site.site_files import INSTALLED_MODELS, SiteError, SitePlan, make_site, merged  # noqa: E402  # started as a script


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="make_site", description="Make keys, certificates and settings of one site.")
    add = made.add_argument
    add("out", type=Path, metavar="OUT", help="folder to write; new or empty")
    add(
        "--target",
        choices=["here", "device"],
        default="here",
        help="here: for the simulator, which adds its own adapters; device: paths of install.sh (default here)",
    )
    add("--env", choices=["production", "test", "sim"], help="claim in every message (default sim; device: production)")
    add("--site", default="clinic-1", help="opaque id of the facility")
    add("--device", default="counter-1", help="opaque id of the device")
    add("--reception", action="append", default=[], metavar="ID", help="a reception; repeat for more (default front)")
    add("--jpki-ca", action="append", type=Path, default=[], metavar="FILE", help="CA of test cards (default: JPKI's)")
    add("--face-issuer", action="append", type=Path, default=[], metavar="FILE", help="issuer key of card-face records")
    add("--models", type=Path, metavar="DIR", help="folder with the models' manifest")
    add("--people", type=Path, metavar="FILE", help="the gateway simulator's registry")
    add("--host", action="append", default=[], help="name or address of broker and gateway (default 127.0.0.1)")
    add("--broker-port", type=int, default=8883)
    add("--gateway-port", type=int, default=8443)
    add("--no-gateway", action="store_true", help="nobody answers, or who --set terminal.… or webapi.… says")
    add("--gateway-delay", type=float, default=0.0, metavar="SECONDS")
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="device setting, such as policy.show_seconds=2; a text of digits alone needs TOML's quotes: "
        "'terminal.institution=\"1319999999\"'",
    )
    add("--force", action="store_true", help="replace the site in OUT")
    add("--json", action="store_true", help="print the paths as JSON")
    return made


def setting(text: str) -> dict[str, Any]:
    """`policy.show_seconds=2` as tables; the value is TOML, or a plain text where it is none."""
    key, separator, value = text.partition("=")
    if not separator:
        raise SiteError(f"--set {key}: write KEY=VALUE")
    try:
        return tomllib.loads(f"{key} = {value}")
    except tomllib.TOMLDecodeError:
        try:
            return tomllib.loads(f"{key} = {json.dumps(value)}")
        except tomllib.TOMLDecodeError:
            raise SiteError(f"--set {key}: not a key") from None


def plan_of(arguments: argparse.Namespace) -> SitePlan:
    tables: dict[str, Any] = {}
    for text in arguments.set:
        tables = merged(tables, setting(text))
    installed = arguments.target == "device"
    return SitePlan(
        out=arguments.out,
        env=arguments.env or ("production" if installed else "sim"),
        site=arguments.site,
        device=arguments.device,
        receptions=tuple(arguments.reception) or ("front",),
        models=arguments.models or (INSTALLED_MODELS if installed else ROOT / "models"),
        jpki_ca=tuple(arguments.jpki_ca),
        face_issuers=tuple(arguments.face_issuer),
        people=arguments.people,
        hosts=tuple(arguments.host) or ("127.0.0.1", "localhost"),
        broker_port=arguments.broker_port,
        gateway_port=arguments.gateway_port,
        gateway_delay=arguments.gateway_delay,
        gateway=not arguments.no_gateway,
        settings=tables,
        installed=installed,
    )


def main(words: list[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    try:
        plan = plan_of(arguments)
        paths = make_site(plan, force=arguments.force)
    except SiteError as error:
        print(f"make_site: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(paths, indent=2))
    else:
        print(f"site {arguments.site} ({plan.env}) made in {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
