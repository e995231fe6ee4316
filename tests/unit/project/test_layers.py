"""Who may import whom (design.md, "Names, places, target"), read from the source itself.

Packages of `firmware` import only what `ALLOWED` gives them; a vendor library belongs to one file; pure files import
nothing but core. Imports inside functions count as well: laziness is no way around a layer.
"""

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FIRMWARE = ROOT / "firmware"

ALLOWED = {
    "core": set(),
    "ports": {"core"},
    "session": {"core"},
    "runtime": {"core", "session", "ports"},
    "inference": {"core", "ports"},
    "face": {"core", "ports", "inference"},
    "cardfront": {"core", "ports", "inference"},
    "card": {"core", "ports"},
    "camera": {"core", "ports"},
    "eligibility": {"core", "ports"},
    "panel": {"core", "ports"},
    "publish": {"core", "ports"},
    "settings": {"core"},
    "provisioning": {"core", "ports", "settings"},
    "health": {"core", "ports", "settings"},
    "sim": {"core", "ports"},
    "version": set(),
}
"""`app` may import all and is imported by nobody."""

PURE = (
    "card/apdu.py",
    "card/tlv.py",
    "card/guard.py",
    "camera/frames.py",
    "eligibility/model.py",
    "eligibility/codes.py",
    "eligibility/fields.py",
    "eligibility/parts.py",
    "eligibility/checks.py",
    "eligibility/characters.py",
    "eligibility/numbers.py",
    "eligibility/rules.py",
    "eligibility/oqs_names.py",
    "eligibility/fhir.py",
    "eligibility/fhir_terms.py",
    "eligibility/fhir_coverage.py",
    "eligibility/fhir_response.py",
    "eligibility/fhir_consent.py",
    "panel/render.py",
)
"""Pure files of the device packages: own package and core only, and of the standard library nothing that does I/O."""

DOING_IO = {"os", "socket", "subprocess", "asyncio", "threading", "time", "random", "sqlite3", "urllib"}
CHANCE = {"secrets", "uuid"}

OWNERS = {
    "smartcard": "card/pcsc.py",
    "onnxruntime": "inference/onnx.py",
    "paho": "publish/mqtt.py",
    "luma": "panel/oled.py",
    "gpiozero": "panel/gpio.py",
    "evdev": "panel/keypad_evdev.py",
    "picamera2": "camera/picamera.py",
    "defusedxml": "eligibility/oqs_xml.py",
    "pyzipper": "eligibility/oqs_zip.py",
    "fhir": "eligibility/fhir_check.py",
    "sqlite3": "publish/outbox.py",
}
"""The only file of the device packages that may import a vendor library."""

COMMAND_LINE = {"typer", "rich", "click"}
"""Never on the daemon's path: `app/cli.py` and its like only."""


@functools.cache
def imports(file: Path) -> frozenset[str]:
    """Absolute names of all modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written in full"
            module = node.module or ""
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "firmware" else {module}
    return frozenset(found)


def package(module: str) -> str | None:
    """`session` of `firmware.session.step`; None for what is not ours."""
    parts = module.split(".")
    return parts[1] if parts[0] == "firmware" and len(parts) > 1 else None


def files() -> list[Path]:
    return sorted(FIRMWARE.rglob("*.py"))


def owner(file: Path) -> str:
    return file.relative_to(FIRMWARE).with_suffix("").parts[0]


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(FIRMWARE)))
def test_imports_follow_the_layers(file: Path) -> None:
    own = owner(file)
    inner = {name for name in map(package, imports(file)) if name is not None}
    if own not in {"app", "__init__", "__main__"}:
        assert own in ALLOWED, f"{own} is no package of the design"
        assert inner <= ALLOWED[own] | {own}


def test_vendor_libraries_have_one_home() -> None:
    homes: dict[str, set[str]] = {}
    for file in files():
        if owner(file) != "sim":
            for library in {module.split(".")[0] for module in imports(file)} & OWNERS.keys():
                homes.setdefault(library, set()).add(str(file.relative_to(FIRMWARE)))
    assert {library: where for library, where in homes.items() if where != {OWNERS[library]}} == {}


def test_opencv_is_imported_in_one_file_of_a_package() -> None:
    homes: dict[str, list[str]] = {}
    for file in files():
        if owner(file) != "sim" and "cv2" in imports(file):
            homes.setdefault(owner(file), []).append(file.name)
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_the_command_line_stays_out_of_the_daemon() -> None:
    users = {
        str(file.relative_to(FIRMWARE))
        for file in files()
        if {module.split(".")[0] for module in imports(file)} & COMMAND_LINE
    }
    assert {user for user in users if not user.startswith(("app/cli", "sim/"))} == set()


def test_pure_files_do_no_io() -> None:
    for name in PURE:
        file = FIRMWARE / name
        if file.exists():
            used = imports(file)
            assert {module.split(".")[0] for module in used} & DOING_IO == set(), name
            assert {package(module) for module in used} <= {None, "core", owner(file)}, name


def test_core_and_session_use_the_standard_library_only() -> None:
    import sys  # noqa: PLC0415  # only this test needs the list of standard modules

    for file in [*(FIRMWARE / "core").rglob("*.py"), *(FIRMWARE / "session").rglob("*.py")]:
        roots = {module.split(".")[0] for module in imports(file)}
        assert roots <= sys.stdlib_module_names | {"firmware"}, file


def test_step_has_no_clock_no_settings_no_chance() -> None:
    for file in [*(FIRMWARE / "core").rglob("*.py"), *(FIRMWARE / "session").rglob("*.py")]:
        allowed = {"os"} if file.name == "journal.py" else set()
        assert {module.split(".")[0] for module in imports(file)} & ((DOING_IO | CHANCE) - allowed) == set(), file


def test_the_reference_receiver_never_imports_the_firmware() -> None:
    for file in (ROOT / "tools" / "reception").rglob("*.py"):
        assert not any(module.split(".")[0] == "firmware" for module in imports(file)), file


def test_nobody_imports_app() -> None:
    for file in files():
        if owner(file) != "app":
            assert "app" not in {package(module) for module in imports(file)}, file
