"""Text folding: what the fonts cannot draw is replaced by what a reader takes for the same. Pure.

Never blank: a character without a glyph and without a stand-in becomes 〓 (U+3013), the mark that Japanese printers
use for a missing type. Widths: half-width katakana become full-width (legible at 12 px), full-width Latin letters and
digits become half-width (they fit). Source: design.md, "Chosen libraries"; hardware.md 10 (glyphs missing from efont).
"""

import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

GETA = "〓"

# Variants in names that at least one of the fonts lacks, each with the everyday form of the same character.
_PAIRS = "髙高 﨑崎 𠮷吉 濵浜 栁柳 桒桑 﨔欅 曻昇 㐂喜 𣘺橋 𡈽土 𠮟叱 𠀋丈 𦚰脇 𢌞廻 𥱋簗 𨻶隙 𠩤原 𣑥栲"
VARIANTS: Mapping[str, str] = MappingProxyType({pair[0]: pair[1] for pair in _PAIRS.split()})

# Signs with the same meaning that the fonts do have.
_SIGNS: Mapping[str, str] = MappingProxyType({"\u2011": "-", "\u2012": "-", "\u2713": "○"})


def _invisible(char: str) -> bool:
    """Variation selectors, joiners, controls: they have no picture of their own."""
    selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return selector or unicodedata.category(char) in {"Cc", "Cf", "Cs"}


def _slim(char: str) -> str:
    """Full-width Latin letters and digits in half width; other signs keep their width."""
    plain = unicodedata.normalize("NFKC", char) if "\uff01" <= char <= "\uff5e" else ""
    return plain if plain.isalnum() else char


def _kana(text: str) -> str:
    """Half-width katakana with their sound marks in one step, so that ｶﾞ becomes ガ and not カ゛."""
    out: list[str] = []
    run = ""
    for char in text:
        if "\uff61" <= char <= "\uff9f":
            run += char
            continue
        out.append(unicodedata.normalize("NFKC", run))
        out.append(char)
        run = ""
    out.append(unicodedata.normalize("NFKC", run))
    return "".join(out)


def _stand_in(char: str, has: Callable[[str], bool]) -> str:
    for candidate in (VARIANTS.get(char, ""), _SIGNS.get(char, ""), unicodedata.normalize("NFKC", char)):
        if candidate and all(has(part) or part == " " for part in candidate) and candidate.strip():
            return candidate
    return GETA


def fold(text: str, has: Callable[[str], bool]) -> str:
    """`text` in characters for which `has` is true, spaces and 〓 only. Line breaks and tabs become spaces."""
    out: list[str] = []
    for char in unicodedata.normalize("NFC", _kana(text)):
        if char.isspace():
            out.append("\u3000" if char == "\u3000" else " ")
        elif not _invisible(char):
            slim = _slim(char)
            out.append(slim if has(slim) else _stand_in(char, has))
    return "".join(out)
