"""Prints what a reception reports: JSON lines, or text for people in Japanese or English."""

import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

from madoguchi_reception.words import ADVICE, COUNTER, FACTS, LABELS


class Printer:
    """A `desk.Report`. Everything a message says is printed: run it where the reception's screen is."""

    def __init__(self, language: str, *, as_json: bool, out: TextIO | None = None) -> None:
        self._language, self._labels, self._japanese = language, LABELS[language], language == "ja"
        self._as_json, self._out = as_json, out or sys.stdout

    def __call__(self, kind: str, members: dict[str, Any]) -> None:
        if self._as_json:
            text = json.dumps({"event": kind, **members}, ensure_ascii=False)
        else:
            text = self._text(kind, members)
        if text:
            print(text, file=self._out, flush=True)

    def _text(self, kind: str, members: dict[str, Any]) -> str:
        special: dict[str, Callable[[dict[str, Any]], str]] = {
            "message": self._message,
            "refused": self._refused,
            "gap": lambda gap: f"! {self._labels['gap']}: {gap['device']} {gap['missing']}",
        }
        if kind in special:
            return special[kind](members)
        rest = ", ".join(
            f"{name} {value}" for name, value in members.items() if value is not None and value is not False
        )
        return f"· {kind}: {rest}"

    def _word(self, code: object) -> str:
        known = FACTS.get(str(code)) if self._japanese else None
        return f"{known} ({code})" if known else str(code)

    def _advice(self, code: object) -> str:
        if (known := ADVICE.get(str(code))) is None:
            return f"{COUNTER[self._language]} ({code})"
        return f"{known} ({code})" if self._japanese else str(code)

    def _refused(self, members: dict[str, Any]) -> str:
        text = self._labels["env" if members["why"] == "wrong-env" else "refused"]
        return f"! {text}: {members['device']}: {members['why']} {members['detail']}".rstrip()

    def _message(self, members: dict[str, Any]) -> str:
        labels, body, typ = self._labels, members["body"], str(members["typ"])
        head = f"{labels.get(typ, typ)} #{members['seq']} · {members['env']}"
        lines = [f"== {head} · {labels['from']} {members['iss']} · {members['bytes']} bytes"]
        match typ:
            case "result" | "late":
                lines += self._visit(body)
            case "lookup":
                lines.append(
                    f"   {labels['request']} {body.get('request')}  {body.get('asked')} – {body.get('answered')}"
                )
                lines += self._eligibility(body.get("eligibility"))
            case "expired":
                lines.append(f"   {[item.get('seq') for item in body.get('expired', [])]}")
            case _:
                lines.append(f"   {labels['unknown']}")
        return "\n".join(lines)

    def _visit(self, body: dict[str, Any]) -> list[str]:
        labels = self._labels
        lines = [f"   {labels['visit']:　<8} {body.get('visit')}  {body.get('started')} – {body.get('ended')}"]
        said = [name for name in ("outcome", "method", "assurance", "fault") if body.get(name) is not None]
        lines += [f"   {labels[name]}: {self._word(body[name])}" for name in said]
        grouped = [name for name in ("match", "checks", "tries", "consent") if isinstance(body.get(name), dict)]
        lines += [f"   {labels[name]}: {told}" for name in grouped if (told := self._members(body[name]))]
        lines += self._eligibility(body.get("eligibility"))
        if body.get("hints"):
            lines.append(f"   {labels['hints']}: {'、'.join(map(self._advice, body['hints']))}")
        return lines

    def _members(self, values: dict[str, Any]) -> str:
        short = {name: str(value)[:24] for name, value in values.items() if value is not None}
        return ", ".join(f"{name} {value}" for name, value in short.items())

    def _eligibility(self, value: object) -> list[str]:
        if not isinstance(value, dict):
            return []
        lines = [f"   {self._labels['eligibility']}: {self._advice(value.get('code'))}"]
        if isinstance(staff := value.get("staff"), dict):
            lines.append(f"     {staff.get(self._language)}")
        told = self._remarks(value.get("remarks"))
        for name in ("ways", "flags"):
            words = [told.get(code) or self._advice(code) for code in _texts(value.get(name))]
            lines += [f"     {self._labels[name]}: {each}" for each in words]
        detail = value.get("detail")
        if isinstance(detail, dict):
            lines += [f"     {name}: {json.dumps(item, ensure_ascii=False)}" for name, item in detail.items()]
        return lines

    def _remarks(self, value: object) -> dict[str, str]:
        """The device's own words to its codes."""
        remarks = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
        return {str(each.get("code")): f"{each.get(self._language)} ({each.get('code')})" for each in remarks}


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
