"""Prints what a reception reports: JSON lines, or text for people in Japanese or English."""

import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

_JA = {
    "identified": "本人確認できました",
    "not-identified": "本人確認できませんでした",
    "not-genuine": "カードの真正性を確認できません",
    "aborted": "途中で終了しました",
    "fault": "機器の不具合で終了しました",
    "face": "顔認証",
    "pin": "暗証番号",
    "staff": "職員の目視確認",
    "valid": "有効",
    "invalid": "無効",
    "invalid-new-exists": "無効（新しい資格あり）",
    "none": "該当資格なし",
    "several": "複数の資格あり",
    "not-registered": "利用登録なし",
    "pending": "照会中",
    "not-reachable": "照会できません（資格なしの意味ではありません）",
    "refused": "拒否",
    "identity-conflict": "照会結果が本人と一致しません",
    "not-asked": "照会していません",
    "given": "同意あり",
    "not-given": "同意なし",
    "go-on": "そのまま受付",
    "ask-document": "資格確認書などを確認",
    "check-later": "後で資格を再確認",
    "compare-person": "本人とカードの写真を見比べる",
    "renew-certificate": "電子証明書の更新を案内",
    "unblock-at-municipality": "市区町村窓口での解除を案内",
    "possible-forgery": "偽造の疑い",
    "ask-again": "もう一度かざしてもらう",
}
_LABELS = {
    "ja": {
        "result": "結果",
        "late": "結果の追加",
        "expired": "期限切れで届かなかった結果",
        "visit": "受付ID",
        "outcome": "結果",
        "method": "方法",
        "assurance": "確からしさ",
        "match": "顔照合",
        "checks": "カード",
        "tries": "カードの残り回数",
        "eligibility": "資格",
        "consent": "情報提供の同意",
        "hints": "次の対応",
        "fault": "不具合コード",
        "from": "機器",
        "refused": "受け取れない電文",
        "gap": "届いていない番号",
        "env": "環境が違うため受け取りません",
    },
    "en": {
        "result": "result",
        "late": "late amendment",
        "expired": "results that expired undelivered",
        "visit": "visit",
        "outcome": "outcome",
        "method": "method",
        "assurance": "assurance",
        "match": "face match",
        "checks": "card",
        "tries": "tries left on the card",
        "eligibility": "eligibility",
        "consent": "consent",
        "hints": "what to do",
        "fault": "fault code",
        "from": "device",
        "refused": "message refused",
        "gap": "numbers never received",
        "env": "message of another environment: not taken",
    },
}


class Printer:
    """A `desk.Report`. Everything a message says is printed: run it where the reception's screen is."""

    def __init__(self, language: str, *, as_json: bool, out: TextIO | None = None) -> None:
        self._labels, self._japanese = _LABELS[language], language == "ja"
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
        known = _JA.get(str(code)) if self._japanese else None
        return f"{known} ({code})" if known else str(code)

    def _refused(self, members: dict[str, Any]) -> str:
        text = self._labels["env" if members["why"] == "wrong-env" else "refused"]
        return f"! {text}: {members['device']}: {members['why']} {members['detail']}".rstrip()

    def _message(self, members: dict[str, Any]) -> str:
        labels, body = self._labels, members["body"]
        head = f"{labels.get(members['typ'], members['typ'])} #{members['seq']} · {members['env']}"
        lines = [f"== {head} · {labels['from']} {members['iss']} · {members['bytes']} bytes"]
        if members["typ"] == "expired":
            return "\n".join([*lines, f"   {[item.get('seq') for item in body.get('expired', [])]}"])
        lines += [f"   {labels['visit']:　<8} {body.get('visit')}  {body.get('started')} – {body.get('ended')}"]
        for name in ("outcome", "method", "assurance", "fault"):
            if body.get(name) is not None:
                lines.append(f"   {labels[name]}: {self._word(body[name])}")
        for name in ("match", "checks", "tries", "consent"):
            if isinstance(body.get(name), dict) and (told := self._members(body[name])):
                lines.append(f"   {labels[name]}: {told}")
        lines += self._eligibility(body.get("eligibility"))
        if body.get("hints"):
            lines.append(f"   {labels['hints']}: {'、'.join(map(self._word, body['hints']))}")
        return "\n".join(lines)

    def _members(self, values: dict[str, Any]) -> str:
        short = {name: str(value)[:24] for name, value in values.items() if value is not None}
        return ", ".join(f"{name} {value}" for name, value in short.items())

    def _eligibility(self, value: object) -> list[str]:
        if not isinstance(value, dict):
            return []
        lines = [f"   {self._labels['eligibility']}: {self._word(value.get('code'))}"]
        detail = value.get("detail")
        if isinstance(detail, dict):
            lines += [f"     {name}: {json.dumps(item, ensure_ascii=False)}" for name, item in detail.items()]
        return lines
