"""`make fonts` without a network: a package made here stands in for Debian's."""

import gzip
import hashlib
import subprocess
import tomllib
from pathlib import Path

import pytest

from firmware.panel.glyphs import FONT_FOLDER, SIZES
from tools.build import fonts

FONT = b"a font"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest with one font; the package lies in the cache, and a download is an error."""
    root = tmp_path / "root"
    (root / "usr/share/fonts").mkdir(parents=True)
    (root / "usr/share/fonts/f10.pcf.gz").write_bytes(gzip.compress(FONT))
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(
        "Package: fonts-test\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: x\n"
    )
    cache = tmp_path / "cache"
    cache.mkdir()
    deb = cache / "fonts-test_1_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", str(root), str(deb)], check=True, capture_output=True)
    target = tmp_path / "fonts"
    target.mkdir()
    write_manifest(target, deb, FONT)
    monkeypatch.setattr(fonts, "FONTS", target)
    monkeypatch.setattr(fonts, "CACHE", cache)
    return deb


def write_manifest(target: Path, deb: Path, font: bytes) -> None:
    (target / "manifest.toml").write_text(
        f'[package]\nname = "fonts-test"\nversion = "1"\nsha256 = "{hashlib.sha256(deb.read_bytes()).hexdigest()}"\n'
        f'folder = "usr/share/fonts"\n[files]\n"f10.pcf" = "{hashlib.sha256(font).hexdigest()}"\n'
    )


def test_builds_once_and_then_does_nothing(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = fonts.FONTS
    assert fonts.build(target, package.parent) == 1
    assert (target / "f10.pcf").read_bytes() == FONT
    assert sorted(path.name for path in target.iterdir()) == ["f10.pcf", "manifest.toml"]
    package.unlink()
    assert fonts.build(target, package.parent) == 0


def test_a_damaged_font_is_built_again(package: Path) -> None:
    fonts.build(fonts.FONTS, package.parent)
    (fonts.FONTS / "f10.pcf").write_bytes(b"damaged")
    assert fonts.build(fonts.FONTS, package.parent) == 1
    assert (fonts.FONTS / "f10.pcf").read_bytes() == FONT


def test_a_font_with_another_hash_is_not_written(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_manifest(fonts.FONTS, package, b"another font")
    with pytest.raises(fonts.BuildError, match=r"f10\.pcf: SHA-256"):
        fonts.build(fonts.FONTS, package.parent)
    assert [path.name for path in fonts.FONTS.iterdir()] == ["manifest.toml"]


def fake_apt(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    (folder / "apt-get").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_package_with_another_hash_is_not_used(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package.unlink()
    fake_apt(tmp_path / "bin", "echo evil > fonts-test_1_all.deb", monkeypatch)
    with pytest.raises(fonts.BuildError, match="SHA-256 differs"):
        fonts.build(fonts.FONTS, package.parent)
    assert not list(package.parent.iterdir())


def test_a_failed_download_says_what_to_do(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package.unlink()
    fake_apt(tmp_path / "bin", "echo 'E: Unable to locate package' >&2; exit 100", monkeypatch)
    assert fonts.main() == 1
    shown = capsys.readouterr().err
    assert "apt-get update" in shown
    assert "Unable to locate" in shown


def test_a_download_is_kept_in_the_cache(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = package.rename(tmp_path / "mirror.deb")
    fake_apt(tmp_path / "bin", f'test "$3" = fonts-test=1 && cp {kept} fonts-test_1_all.deb', monkeypatch)
    assert fonts.build(fonts.FONTS, package.parent) == 1
    assert [path.name for path in package.parent.iterdir()] == [package.name]


def test_the_real_manifest_pins_what_the_screen_loads() -> None:
    manifest = tomllib.loads((FONT_FOLDER / "manifest.toml").read_text())
    assert manifest["files"].keys() == {f"{kind}{size}.pcf" for kind in "fh" for size in SIZES}
    for name, sha256 in manifest["files"].items():
        assert hashlib.sha256((FONT_FOLDER / name).read_bytes()).hexdigest() == sha256
