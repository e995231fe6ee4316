"""Invented insured people: one for each answer, and the people file that binds them to certificates.

Pure but for reading and writing the file (blocking). Nobody here exists, nor do the insurers; the insurer numbers
have right check digits (eligibility.md 3.1). Raises ValueError for a file that is not a people file.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

Members = Mapping[str, object]

_EMPLOYEES: Final = {"InsurerNumber": "06130017", "InsurerName": "架空健康保険組合", "InsuredCardSymbol": "9901"}
_TOWN: Final = {"InsurerNumber": "130013", "InsurerName": "見本町国民健康保険", "InsuredCardSymbol": "見本"}
_ELDERLY: Final = {"InsurerNumber": "39130018", "InsurerName": "空想県後期高齢者医療広域連合"}


@dataclass(frozen=True, slots=True, repr=False)
class Insured:
    """What the national system says about one certificate. `coverages`: members as in docs/gateway.yaml `Coverage`.

    `after_registration`: the coverages once the card is registered; only with code "not-registered".
    """

    code: str
    coverages: tuple[Members, ...] = ()
    after_registration: tuple[Members, ...] = ()

    def born(self, birth_date: str, sex: str) -> "Insured":
        """The same answer for somebody with the birth date (YYYYMMDD) and sex (1, 2, 3) of a card."""
        own = {"Birthdate": birth_date, "Sex1": sex}
        return replace(
            self,
            coverages=tuple({**each, **own} for each in self.coverages),
            after_registration=tuple({**each, **own} for each in self.after_registration),
        )


def _coverage(name: str, kana: str, birth_date: str, sex: str, **other: str) -> Members:
    return {
        "InsuredCardClassification": "01",
        "Name": name,
        "NameKana": kana,
        "Birthdate": birth_date,
        "Sex1": sex,
        "PersonalFamilyClassification": "1",
        "Address": "空想県見本市架空町1-2-3",
        "PostNumber": "000-0000",
        "QualificationDate": "20240401",
        "InsuredPartialContributionRatio": "030",
        **other,
    }


_TARO: Final = _coverage(
    "窓口 太郎",
    "ﾏﾄﾞｸﾞﾁ ﾀﾛｳ",
    "19721103",
    "1",
    **_EMPLOYEES,
    InsuredIdentificationNumber="100001",
    InsuredBranchNumber="00",
)
_NOZOMI: Final = _coverage("見本 のぞみ", "ﾐﾎﾝ ﾉｿﾞﾐ", "19900704", "2", **_TOWN, InsuredIdentificationNumber="100008")

SEED: Final[Mapping[str, Insured]] = {
    "taro": Insured("valid", (_TARO,)),
    "hanako": Insured(
        "valid",
        (
            _coverage(
                "受付 花子",
                "ｳｹﾂｹ ﾊﾅｺ",
                "19480229",
                "2",
                **_ELDERLY,
                InsuredIdentificationNumber="90000017",
                InsuredPartialContributionRatio="010",
            ),
        ),
    ),
    "mirai": Insured(
        "valid",
        (
            _coverage(
                "架空 ●来",
                "ｶｸｳ ﾐﾗｲ",
                "20221208",
                "2",
                **_TOWN,
                InsuredIdentificationNumber="100003",
                PersonalFamilyClassification="2",
                PreschoolClassification="1",
                InsuredPartialContributionRatio="020",
            ),
        ),
    ),
    "jiro": Insured(
        "invalid",
        (
            _coverage(
                "空想 次郎",
                "ｸｳｿｳ ｼﾞﾛｳ",
                "19850115",
                "1",
                **_EMPLOYEES,
                InsuredIdentificationNumber="100004",
                DisqualificationDate="20260331",
                ReasonOfLoss="03",
            ),
        ),
    ),
    "saburo": Insured(
        "invalid-new-exists",
        (
            _coverage(
                "例示 三郎",
                "ﾚｲｼﾞ ｻﾌﾞﾛｳ",
                "19790620",
                "1",
                **_TOWN,
                InsuredIdentificationNumber="100005",
                DisqualificationDate="20260501",
                ReasonOfLoss="03",
            ),
        ),
    ),
    "shiro": Insured("none"),
    "goro": Insured("several"),
    "nozomi": Insured("not-registered", after_registration=(_NOZOMI,)),
    "matsu": Insured("pending"),
    "tooru": Insured("not-reachable"),
    "shun": Insured("refused"),
}
"""By a short name that scenarios use; also people whose answer carries no coverage."""


def fingerprint(certificate: bytes) -> str:
    """Key of a person: SHA-256 of the certificate's DER, lower-case hex."""
    return hashlib.sha256(certificate).hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class _Row:
    certificate_sha256: str
    code: str
    coverages: list[dict[str, object]] = field(default_factory=list)
    after_registration: list[dict[str, object]] = field(default_factory=list)


def write_people(path: Path, people: Iterable[tuple[bytes, Insured]]) -> None:
    """Write certificates (DER) and their holders' answers."""
    rows = [
        {
            "certificate_sha256": fingerprint(certificate),
            "code": person.code,
            "coverages": list(person.coverages),
            "after_registration": list(person.after_registration),
        }
        for certificate, person in people
    ]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def read_people(path: Path) -> list[tuple[str, Insured]]:
    """Fingerprints and answers."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    try:
        known = [_Row(**row) for row in rows]
    except TypeError as error:
        raise ValueError("not a people file") from error
    return [
        (row.certificate_sha256, Insured(row.code, tuple(row.coverages), tuple(row.after_registration)))
        for row in known
    ]
