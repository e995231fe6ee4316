"""The model manifest, and opening a model only when it is the file that the manifest names.

Thread: inference lane. Sizes in bytes. The manifest is trusted (it comes with the firmware) but is still read strictly:
a typing error must not lower a threshold. Raises DeviceError with MODEL_MISSING (no manifest, no file),
MODEL_HASH_WRONG (another file), MODEL_FAILED (a manifest that does not hold together). Source: face.md 1 and 7.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from firmware.core.faults import DeviceError, FaultCode

MANIFEST = "manifest.toml"
SCHEMA = 1
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Threshold:
    """A decision threshold. `id` is what results and logs name; `cosine` stays on the device."""

    id: str
    cosine: float


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of the manifest. `input`: N, C, H, W. `characters`: of a line reader, its classes after the blank."""

    name: str
    file: str
    sha256: str
    size: int
    input: tuple[int, ...]
    thresholds: Mapping[str, Threshold]
    characters: str = ""


class ModelStore:
    """The folder with `manifest.toml` and the models."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: Mapping[str, ModelEntry] | None = None

    def entry(self, name: str) -> ModelEntry:
        """What the manifest says about model `name`."""
        if self._entries is None:
            self._entries = read_manifest(self._folder / MANIFEST)
        if name not in self._entries:
            raise DeviceError(FaultCode.MODEL_MISSING, f"{name}: not in the manifest")
        return self._entries[name]

    @contextmanager
    def verified(self, name: str) -> Iterator[str]:
        """A path that leads to the very file whose bytes were hashed, valid inside the `with` block.

        It names the open descriptor: replacing the file between check and load changes nothing.
        """
        entry = self.entry(name)
        try:
            file = (self._folder / entry.file).open("rb")
        except OSError as error:
            raise DeviceError(FaultCode.MODEL_MISSING, f"{entry.file}: {type(error).__name__}") from error
        with file:
            _check(entry, file)
            yield f"/proc/self/fd/{file.fileno()}"


def read_manifest(path: Path) -> Mapping[str, ModelEntry]:
    """All models of the manifest, by name."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DeviceError(FaultCode.MODEL_MISSING, f"{path.name}: not found") from error
    except (OSError, ValueError) as error:
        raise DeviceError(FaultCode.MODEL_FAILED, f"{path.name}: {type(error).__name__}") from error
    if document.get("schema") != SCHEMA:
        raise DeviceError(FaultCode.MODEL_FAILED, f"{path.name}: schema is not {SCHEMA}")
    try:
        return {name: _entry(name, table) for name, table in document["models"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DeviceError(FaultCode.MODEL_FAILED, f"{path.name}: {type(error).__name__}: {error}") from error


def _entry(name: str, table: Mapping[str, object]) -> ModelEntry:
    file, digest, size, shape = table["file"], table["sha256"], table["bytes"], table["input"]
    if not isinstance(file, str) or Path(file).name != file:
        raise ValueError(f"{name}.file is not a plain file name")
    if not isinstance(digest, str) or len(bytes.fromhex(digest)) != hashlib.sha256().digest_size:
        raise ValueError(f"{name}.sha256 is not a SHA-256 in hex")
    if not isinstance(size, int) or size <= 0:
        raise ValueError(f"{name}.bytes is not a size")
    if not isinstance(shape, list) or not shape or not all(isinstance(side, int) and side > 0 for side in shape):
        raise ValueError(f"{name}.input is not a shape")
    thresholds = table.get("thresholds", {})
    if not isinstance(thresholds, dict):
        raise TypeError(f"{name}.thresholds is not a table")
    characters = table.get("characters", "")
    if not isinstance(characters, str) or len(set(characters)) != len(characters):
        raise ValueError(f"{name}.characters is not a list of different characters")
    kept = {key: _threshold(name, value) for key, value in thresholds.items()}
    return ModelEntry(name, file, digest, size, tuple(shape), kept, characters)


def _threshold(name: str, table: Mapping[str, object]) -> Threshold:
    label, cosine = table["id"], table["cosine"]
    if not isinstance(label, str) or not label:
        raise ValueError(f"{name}: threshold without id")
    if not isinstance(cosine, float) or not 0.0 < cosine < 1.0:
        raise ValueError(f"{name}: threshold {label} is not between 0 and 1")
    return Threshold(label, cosine)


def _check(entry: ModelEntry, file: BinaryIO) -> None:
    digest, total = hashlib.sha256(), 0
    while total <= entry.size and (block := file.read(_BLOCK)):
        digest.update(block)
        total += len(block)
    if total != entry.size or digest.hexdigest() != entry.sha256:
        raise DeviceError(FaultCode.MODEL_HASH_WRONG, entry.file)
