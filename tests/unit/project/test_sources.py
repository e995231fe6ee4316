"""Every fact or decision that a docstring cites by name stands in docs/sources.md, so that a reader can follow it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
SHEETS = "card|eligibility|face|hardware|messaging-and-security"
NUMBERED = re.compile(rf"\b((?:{SHEETS})\.md),? (?:section )?(\d+(?:\.\d+)?)(?:,| and| to)? ?(\d+(?:\.\d+)?)?")
QUOTED = re.compile(r'\bdesign\.md,? ?\(?((?:(?:, )?"[^"]+")+)')


def cited() -> set[tuple[str, str]]:
    """Sheet and number, or design.md and heading, over line breaks."""
    found: set[tuple[str, str]] = set()
    for folder in ("firmware", "tools", "tests", "models", "systemd"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".toml", ".sh", ".c", ".md"} and path != Path(__file__):
                text = re.sub(r"\s*\n\s*(?:# ?)?", " ", path.read_text(encoding="utf-8"))
                for sheet, *numbers in NUMBERED.findall(text):
                    found |= {(sheet, number) for number in numbers if number}
                for headings in QUOTED.findall(text):
                    found |= {("design.md", heading) for heading in re.findall(r'"([^"]+)"', headings)}
    return found


def known(sheet: str, name: str) -> bool:
    if sheet == "design.md":
        return f'"{name}"' in PAGE.partition("## design.md")[2]
    return re.search(rf"^### {re.escape(sheet)} (?:[\d.]+, )*{re.escape(name)}[:,]", PAGE, re.MULTILINE) is not None


def test_every_cited_source_is_on_the_page() -> None:
    found = cited()
    assert len(found) > 40
    assert sorted(each for each in found if not known(*each)) == []


@pytest.mark.parametrize("sheet", SHEETS.split("|"))
def test_the_page_names_no_number_twice(sheet: str) -> None:
    headings = re.findall(rf"^### {sheet}\.md ([\d.]+)", PAGE, re.MULTILINE)
    assert headings
    assert len(headings) == len(set(headings))


def test_an_unknown_source_would_be_noticed() -> None:
    assert not known("card.md", "9.9")
    assert not known("design.md", "Nothing of the kind")
