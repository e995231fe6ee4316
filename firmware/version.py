"""Which software this is, for messages, diagnostics and `madoguchi --version`."""

from importlib.metadata import PackageNotFoundError, version


def _version() -> str:
    try:
        return version("madoguchi")
    except PackageNotFoundError:
        return "0+source"


SOFTWARE = f"madoguchi {_version()}"
