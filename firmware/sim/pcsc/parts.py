"""The programs and the driver that a private PC/SC daemon needs, and the files prepared for it.

Any thread; compiling the shim takes about 0.1 s. Raises PcscdError. Source: facts hardware.md 1 and 10.
"""

import shutil
import subprocess
from pathlib import Path

_SHIM_SOURCE = Path(__file__).with_name("bindlo.c")
_DRIVER_PLACES = (
    "/usr/lib/pcsc/drivers/serial",
    "/usr/lib64/pcsc/drivers/serial",
    "/usr/local/lib/pcsc/drivers/serial",
)
_DRIVER = "libifdvpcd.so"
_PROGRAM_PATH = "/usr/sbin:/usr/local/sbin:/sbin:/usr/bin:/usr/local/bin:/bin"
_COMPILE_TIMEOUT = 60.0


class PcscdError(RuntimeError):
    """The private daemon cannot be started; the text says what a developer can do."""


def pcscd_program() -> str | None:
    return shutil.which("pcscd", path=_PROGRAM_PATH)


def vpcd_driver() -> Path | None:
    return next((path for place in _DRIVER_PLACES if (path := Path(place, _DRIVER)).exists()), None)


def missing_parts() -> list[str]:
    """Debian packages to install before a private daemon can run; empty when all is there."""
    present = {
        "pcscd": pcscd_program() is not None,
        "vsmartcard-vpcd": vpcd_driver() is not None,
        "gcc": shutil.which("gcc") is not None,
    }
    return [package for package, there in present.items() if not there]


def compile_shim(folder: Path) -> Path:
    """Build the preloaded library into `folder`."""
    return _compile(_SHIM_SOURCE, folder / "bindlo.so")


def provide_driver(folder: Path, wrapper: Path | None = None) -> Path:
    """A reader's driver in a folder of its own: readers of one library share their state.

    `wrapper`: C source of a driver that stands before vpcd's, which it finds beside it.
    """
    source = vpcd_driver()
    if source is None:
        raise PcscdError("the driver of vsmartcard-vpcd is not installed")
    folder.mkdir()
    target = folder / "vpcd.so"
    shutil.copyfile(source, target)
    return target if wrapper is None else _compile(wrapper, folder / "driver.so")


def _compile(source: Path, target: Path) -> Path:
    command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(target), str(source), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_COMPILE_TIMEOUT)
    if done.returncode != 0:
        raise PcscdError(f"gcc could not build {source.name}: {done.stderr.strip()[:500]}")
    return target


def needs_polkit_switch(program: str) -> bool:
    """Newer pcscd asks polkit about every client unless told not to; older ones do not know the option."""
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=False, timeout=_COMPILE_TIMEOUT)
    return "--disable-polkit" in done.stdout + done.stderr
