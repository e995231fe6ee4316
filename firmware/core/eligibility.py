"""Remarks on an eligibility answer, and the ways on that the rules permit. Codes of the message contract; values only.

Source: eligibility.md 1.8 (what the counter may do), 2.10 (local checks), 3 (numbers and characters).
"""

from enum import StrEnum


class EligibilityFlag(StrEnum):
    """What staff should look at in an answer. None of them makes a valid answer invalid."""

    REPLACED_CHARACTER = "replaced-character"
    """● in a name or address: a character that could not be delivered."""
    BEYOND_JIS_X_0208 = "beyond-jis-x-0208"
    """A character that claims (レセプト) cannot carry."""
    INSURER_CHECK_DIGIT = "insurer-check-digit"
    NOT_YET_QUALIFIED = "not-yet-qualified"
    """資格取得年月日 lies ahead."""
    QUALIFICATION_ENDED = "qualification-ended"
    """資格喪失年月日 has come, though the answer says valid."""
    CARD_EXPIRED = "card-expired"
    """被保険者証有効終了年月日 is past, though the answer says valid: mostly that of an old paper card."""
    DATES_NOT_CHECKED = "dates-not-checked"
    """The device's clock is unknown, or the answer speaks of another day."""
    BURDEN_RATIO_MISSING = "burden-ratio-missing"
    """Where it has to be sent: 後期高齢者医療, 高齢受給者証情報. All others' is the law's."""
    BURDEN_RATIO_DIFFERS = "burden-ratio-differs"
    """The coverage's and the elderly recipient's ratio are not one."""
    ELDERLY_RECIPIENT_MISSING = "elderly-recipient-missing"
    """70 to 74 years old, without 高齢受給者証情報."""
    PRESCHOOL_MISSING = "preschool-missing"
    """A child before school, without 未就学区分."""
    INSURER_CHANGED = "insurer-changed"
    """The answer itself tells of an older and a newer insurer."""
    UNKNOWN_CODE = "unknown-code"
    """A code that stands in no table we know; it is passed on as it came."""
    ODD_VALUE = "odd-value"
    """A day or number that could not be understood; it is passed on as it came."""
    CONTRADICTION = "contradiction"
    """Members of the answer contradict each other."""
    INTERRUPTED = "interrupted"
    """The device went down while a reception's own query was under way: it may have been asked, or not."""
    STAFF_CONFIRMED = "staff-confirmed"
    """Picked up from the official reader, and staff confirmed that it is this patient's."""


NEEDS_PATIENT = frozenset(
    {
        EligibilityFlag.REPLACED_CHARACTER,
        EligibilityFlag.NOT_YET_QUALIFIED,
        EligibilityFlag.QUALIFICATION_ENDED,
        EligibilityFlag.BURDEN_RATIO_MISSING,
        EligibilityFlag.ELDERLY_RECIPIENT_MISSING,
        EligibilityFlag.INSURER_CHANGED,
        EligibilityFlag.CONTRADICTION,
    }
)
"""Flags for which staff need the patient or a document: the screen sends them to the counter, without saying why.

Not `CARD_EXPIRED`: a paper's last day means nothing with a My Number Card, all old papers have ended, and the system
said "valid" (docs/sources.md, eligibility.md 2.10).
"""


class WayOn(StrEnum):
    """What may be done at the counter so that nobody pays the full price only because reading failed."""

    GO_ON = "go-on"
    """Nothing is missing."""
    WAIT = "wait"
    """The answer comes later as an amendment."""
    ASK_AGAIN = "ask-again"
    """Place the card again, or look up again."""
    NUMBER_LOOK_UP = "number-look-up"
    """Look up by the insured number of a 資格確認書."""
    REGISTER = "register"
    """健康保険証利用登録."""
    NEW_DOCUMENT = "new-document"
    """The document of the newer eligibility."""
    CERTIFICATE = "qualification-certificate"
    """資格確認書."""
    NOTICE = "qualification-notice"
    """資格情報のお知らせ, only together with the card."""
    MYNAPORTAL = "mynaportal"
    """マイナポータルの資格情報画面 or its PDF."""
    DECLARATION = "declaration"
    """被保険者資格申立書 (notice of 2023-07-10)."""
    CALL_CENTRE = "call-centre"
    ASK_INSURER = "ask-insurer"
    MUNICIPALITY = "municipality"
    """Renew or unblock there."""
    COMPARE_PERSON = "compare-person"
