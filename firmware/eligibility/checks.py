"""Local checks of an answer: what staff should look at (eligibility.md 2.10, last line; 3.1; 3.4). Never a judgement.

Pure, any thread, no exceptions. Days are compared with the visit day: the answer's own 資格確認日, since the device's
clock may be wrong by a day, or today where the answer has none. With neither, nothing that needs a day is checked, and
the answer is flagged `dates-not-checked`; so it is if its day is more than one off ours, for then nobody knows which
of the two is today. What is right for a lost eligibility (ended, expired, no ratio) is checked where the national
system says "valid" only.

A ratio is not sent for everybody (docs/sources.md, eligibility.md 2.10): 後期高齢者医療 has it with the coverage,
people of 70 to 74 in 高齢受給者証情報. All others' is the law's, and nothing lacks.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from firmware.core.eligibility import EligibilityFlag
from firmware.eligibility.characters import is_beyond_claims, is_replaced
from firmware.eligibility.codes import CardClassification, ReasonOfLoss, SegmentOfResult
from firmware.eligibility.fields import odd_kinds
from firmware.eligibility.model import Confirmation, Coverage, insurer_number
from firmware.eligibility.numbers import insurer_number_fits, may_match

_LATE_ELDERLY: Final = "39"
"""法別番号 of 後期高齢者医療: from 75, from 65 with a disability; it has no 高齢受給者証."""
_ASSISTANCE: Final = "12"
"""法別番号 of 医療扶助."""
_ELDERLY_FROM, _ELDERLY_TO = 70, 75
_SCHOOL_AGE: Final = 6
_MOST_DAYS_OFF: Final = 1


def check(confirmation: Confirmation, today: date | None, *, eligible: bool) -> tuple[EligibilityFlag, ...]:
    """All remarks, in the order of `EligibilityFlag`. `eligible`: the national system's own word."""
    found = set(_answer_flags(confirmation, confirmation.confirmed_on or today))
    if any(_contradicts(coverage, confirmation.confirmed_on, eligible=eligible) for coverage in confirmation.coverages):
        found.add(EligibilityFlag.CONTRADICTION)
    checks = [flag for flag, holds in _ALWAYS if any(map(holds, confirmation.coverages))]
    found.update(checks)
    if eligible:
        found.update(_eligible_flags(confirmation, today))
    return tuple(flag for flag in EligibilityFlag if flag in found)


def not_understood(confirmation: Confirmation) -> Iterator[EligibilityFlag]:
    """Codes of no table, and days and numbers that are none, anywhere in the answer."""
    parts = (confirmation, *confirmation.coverages, *(each.consents for each in confirmation.coverages))
    kinds = {kind for part in parts for kind in odd_kinds(part)}
    if "code" in kinds:
        yield EligibilityFlag.UNKNOWN_CODE
    if kinds - {"code"}:
        yield EligibilityFlag.ODD_VALUE


# ---- the answer as a whole -----------------------------------------------------------------------------------------


def _answer_flags(confirmation: Confirmation, day: date | None) -> Iterator[EligibilityFlag]:
    yield from not_understood(confirmation)
    if _insurer_changed(confirmation, day):
        yield EligibilityFlag.INSURER_CHANGED
    failed = confirmation.segment is SegmentOfResult.ABNORMAL
    if _other_number(confirmation) or (confirmation.error_code is not None and not failed):
        yield EligibilityFlag.CONTRADICTION


def _insurer_changed(confirmation: Confirmation, day: date | None) -> bool:
    """A lost and a kept one of different insurers, the reason of loss "other insurance", or not the one asked for.

    A loss that lies ahead (somebody turns 75 next month) has not changed anything yet.
    """
    coverages = confirmation.coverages
    lost = {each.insurer_number for each in coverages if each.insurer_number and _lost(each, day)}
    told = {each.insurer_number for each in coverages if each.insurer_number}
    if any(each.reason_of_loss is ReasonOfLoss.OTHER_INSURANCE for each in coverages) or (lost and told - lost):
        return True
    asked = confirmation.search
    return asked is not None and bool(told) and insurer_number(asked.insurer_number) not in told


def _other_number(confirmation: Confirmation) -> bool:
    """The insurer that was asked for answered with another insured number than was asked for."""
    asked = confirmation.search
    if asked is None:
        return False
    insurer = insurer_number(asked.insurer_number)
    numbers = [each.number for each in confirmation.coverages if each.number and each.insurer_number == insurer]
    return bool(numbers) and not any(may_match(number, asked.number) for number in numbers)


def _eligible_flags(confirmation: Confirmation, today: date | None) -> Iterator[EligibilityFlag]:
    yield from (flag for flag, holds in _IF_ELIGIBLE if any(map(holds, confirmation.coverages)))
    day = confirmation.confirmed_on or today
    if day is None:
        yield EligibilityFlag.DATES_NOT_CHECKED
        return
    if today is not None and abs((day - today).days) > _MOST_DAYS_OFF:
        yield EligibilityFlag.DATES_NOT_CHECKED
    yield from (flag for flag, holds in _ON_DAY if any(holds(coverage, day) for coverage in confirmation.coverages))
    if confirmation.confirmed_on and all(_ended(coverage, day) for coverage in confirmation.coverages):
        yield EligibilityFlag.CONTRADICTION


# ---- one coverage --------------------------------------------------------------------------------------------------


def _texts(coverage: Coverage) -> Iterator[str]:
    """What is copied into claims and records."""
    names = (coverage.insured_name, coverage.name, coverage.other_name, coverage.kana, coverage.other_kana)
    yield from filter(None, (*names, coverage.address, coverage.symbol, coverage.number))


def _wrong_insurer(coverage: Coverage) -> bool:
    return coverage.insurer_number is not None and not insurer_number_fits(coverage.insurer_number)


def _law(coverage: Coverage) -> str:
    """法別番号: the first two of 8 digits; a number of 6 (国民健康保険) has none."""
    number = coverage.insurer_number or ""
    return number[:2] if len(number) == 8 else ""


def _is_assistance(coverage: Coverage) -> bool:
    """医療扶助 has no marks of age."""
    return coverage.classification is CardClassification.MEDICAL_ASSISTANCE or _law(coverage) == _ASSISTANCE


def _ratio_missing(coverage: Coverage) -> bool:
    """It has to be there and is nowhere (an odd one is flagged as such)."""
    elderly = coverage.elderly
    if elderly is None and _law(coverage) != _LATE_ELDERLY:
        return False
    known = coverage.burden_percent is not None or "InsuredPartialContributionRatio" in coverage.odd
    if elderly is not None:
        known |= elderly.burden_percent is not None or "ElderlyRecipientContributionRatio" in elderly.odd
    return not known


def _ratio_differs(coverage: Coverage, day: date | None) -> bool:
    """Both are known and not one, while the elderly recipient's is in force."""
    elderly = coverage.elderly
    if elderly is None or elderly.burden_percent is None or coverage.burden_percent is None:
        return False
    in_force = day is None or _within(elderly.valid_from, day, elderly.valid_to)
    return in_force and elderly.burden_percent != coverage.burden_percent


def _ahead(coverage: Coverage, day: date) -> bool:
    return coverage.qualified_on is not None and coverage.qualified_on > day


def _ended(coverage: Coverage, day: date) -> bool:
    """資格喪失年月日 is the first day without."""
    return coverage.disqualified_on is not None and coverage.disqualified_on <= day


def _lost(coverage: Coverage, day: date | None) -> bool:
    return coverage.disqualified_on is not None if day is None else _ended(coverage, day)


def _expired(coverage: Coverage, day: date) -> bool:
    """有効終了年月日 is the last day."""
    return coverage.valid_to is not None and coverage.valid_to < day


def _elderly_missing(coverage: Coverage, day: date) -> bool:
    """70 to 74 without 高齢受給者証情報 that is in force."""
    exempt = _law(coverage) == _LATE_ELDERLY or _is_assistance(coverage)
    if exempt or not is_elderly_recipient(coverage.birth_date, day):
        return False
    elderly = coverage.elderly
    return elderly is None or not _within(elderly.valid_from, day, elderly.valid_to)


def _preschool_missing(coverage: Coverage, day: date) -> bool:
    marked = coverage.preschool is not None or "PreschoolClassification" in coverage.odd
    return not marked and not _is_assistance(coverage) and is_preschool(coverage.birth_date, day)


Holds = Callable[[Coverage], bool]
HoldsOn = Callable[[Coverage, date], bool]

_ALWAYS: Final[tuple[tuple[EligibilityFlag, Holds], ...]] = (
    (EligibilityFlag.REPLACED_CHARACTER, lambda coverage: any(map(is_replaced, _texts(coverage)))),
    (EligibilityFlag.BEYOND_JIS_X_0208, lambda coverage: any(map(is_beyond_claims, _texts(coverage)))),
    (EligibilityFlag.INSURER_CHECK_DIGIT, _wrong_insurer),
)
_IF_ELIGIBLE: Final[tuple[tuple[EligibilityFlag, Holds], ...]] = (
    (EligibilityFlag.BURDEN_RATIO_MISSING, _ratio_missing),
)
_ON_DAY: Final[tuple[tuple[EligibilityFlag, HoldsOn], ...]] = (
    (EligibilityFlag.NOT_YET_QUALIFIED, _ahead),
    (EligibilityFlag.QUALIFICATION_ENDED, _ended),
    (EligibilityFlag.CARD_EXPIRED, _expired),
    (EligibilityFlag.BURDEN_RATIO_DIFFERS, _ratio_differs),
    (EligibilityFlag.ELDERLY_RECIPIENT_MISSING, _elderly_missing),
    (EligibilityFlag.PRESCHOOL_MISSING, _preschool_missing),
)


# ---- contradictions within a coverage ------------------------------------------------------------------------------


def _contradicts(coverage: Coverage, confirmed_on: date | None, *, eligible: bool) -> bool:
    """Days turned round; a valid one with a reason of loss but no loss; a preschool mark on somebody of school age."""
    turned = any(start and end and end < start for start, end in _periods(coverage))
    lost = eligible and coverage.reason_of_loss is not None and coverage.disqualified_on is None
    at_school = coverage.preschool and confirmed_on and not is_preschool(coverage.birth_date, confirmed_on)
    return turned or lost or bool(at_school)


def _periods(coverage: Coverage) -> Iterator[tuple[date | None, date | None]]:
    """Pairs of days of which the second may not come before the first. Loss on the day of qualification happens."""
    yield coverage.birth_date, coverage.qualified_on
    yield coverage.qualified_on, coverage.disqualified_on
    yield coverage.valid_from, coverage.valid_to
    for part in (coverage.elderly, coverage.limit, *coverage.specific_diseases, *coverage.tickets):
        if part is not None:
            yield part.valid_from, part.valid_to


# ---- ages ----------------------------------------------------------------------------------------------------------


def is_elderly_recipient(born: date, day: date) -> bool:
    """70 to 74: from the 1st of the month after the 70th birthday until the day before the 75th birthday.

    A birthday on the 1st: from that day. Born on 29 February: the 75th birthday is 1 March, which tuples compare right.
    """
    months = (born.year + _ELDERLY_FROM) * 12 + born.month - (1 if born.day == 1 else 0)
    end = (born.year + _ELDERLY_TO, born.month, born.day)
    return day.year * 12 + day.month - 1 >= months and (day.year, day.month, day.day) < end


def is_preschool(born: date, day: date) -> bool:
    """Born, and not past the 31 March after the 6th birthday; who is born on 1 April counts a year earlier."""
    enters = born.year + _SCHOOL_AGE + (0 if (born.month, born.day) <= (4, 1) else 1)
    return born <= day and (day.year, day.month) < (enters, 4)


def _within(start: date | None, day: date, end: date | None) -> bool:
    return (start is None or start <= day) and (end is None or day <= end)
