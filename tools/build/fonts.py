"""Build the screen's fonts from Debian's hash-pinned package (`make fonts`).

Downloads the package named in `firmware/panel/fonts/manifest.toml` with `apt-get download` into `.cache/`, unpacks it
with `dpkg-deb` and writes the decompressed PCF files beside the manifest. Nothing is installed and no root is needed.
Idempotent: with all files present and right it touches neither disk nor network. Every byte written is pinned by
SHA-256, so two builds are the same. Source: hardware.md 10.
"""

import gzip
import hashlib
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FONTS = ROOT / "firmware" / "panel" / "fonts"
CACHE = ROOT / ".cache" / "fonts"
DOWNLOAD_SECONDS = 300
MAX_FONT_BYTES = 8 << 20


class BuildError(Exception):
    """The fonts cannot be built; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Package and files as pinned. `files`: name -> SHA-256 of the decompressed font."""

    name: str
    version: str
    sha256: str
    folder: str
    files: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> "Manifest":
        with path.open("rb") as file:
            data = tomllib.load(file)
        package = data["package"]
        return cls(package["name"], package["version"], package["sha256"], package["folder"], data["files"])

    @property
    def deb(self) -> str:
        return f"{self.name}_{self.version}_all.deb"


def is_right(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def missing(manifest: Manifest, target: Path) -> list[str]:
    return [name for name, sha256 in manifest.files.items() if not is_right(target / name, sha256)]


def download(manifest: Manifest, cache: Path) -> Path:
    """The package in `cache`, downloaded if it is not there yet."""
    deb = cache / manifest.deb
    if is_right(deb, manifest.sha256):
        print(f"fonts: {deb.name} from the cache")
        return deb
    cache.mkdir(parents=True, exist_ok=True)
    print(f"fonts: downloading {manifest.name} {manifest.version} …", flush=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        wanted = f"{manifest.name}={manifest.version}"
        done = subprocess.run(
            ["apt-get", "--quiet", "download", wanted],
            cwd=folder,
            timeout=DOWNLOAD_SECONDS,
            capture_output=True,
            text=True,
            check=False,
        )
        found = next(Path(folder).glob("*.deb"), None)
        if done.returncode or found is None:
            raise BuildError(f"apt-get download {wanted} failed; is `apt-get update` due?\n{done.stderr.strip()}")
        if not is_right(found, manifest.sha256):
            raise BuildError(f"{manifest.deb}: SHA-256 differs from the manifest, the file is not used")
        found.replace(deb)
    return deb


def unpack(manifest: Manifest, deb: Path, target: Path) -> None:
    """Write the fonts that are missing in `target`, each checked before it gets its name."""
    with tempfile.TemporaryDirectory(dir=deb.parent) as folder:
        subprocess.run(["dpkg-deb", "-x", str(deb), folder], check=True, timeout=DOWNLOAD_SECONDS)
        for name in missing(manifest, target):
            with gzip.open(Path(folder) / manifest.folder / f"{name}.gz") as packed:
                data = packed.read(MAX_FONT_BYTES)
            if hashlib.sha256(data).hexdigest() != manifest.files[name]:
                raise BuildError(f"{name}: SHA-256 differs from the manifest")
            fresh = target / f"{name}.new"
            fresh.write_bytes(data)
            fresh.replace(target / name)
            print(f"fonts: {name} {len(data):,} bytes")


def build(target: Path = FONTS, cache: Path = CACHE) -> int:
    """Build what is missing; number of fonts written."""
    manifest = Manifest.load(FONTS / "manifest.toml")
    wanted = missing(manifest, target)
    if wanted:
        unpack(manifest, download(manifest, cache), target)
    print(f"fonts: {len(manifest.files)} fonts ready, {len(wanted)} written")
    return len(wanted)


def main() -> int:
    try:
        build()
    except (BuildError, OSError, subprocess.SubprocessError) as error:
        print(f"fonts: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
