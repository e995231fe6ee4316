"""What a terminal, or whoever else writes into its folder, may do to one exchange. Values only."""

from enum import StrEnum


class Quirk(StrEnum):
    """One habit or fault. Where nothing else is said the right answer comes, and has to arrive."""

    SLOW = "slow"
    """Written in place, in pieces with pauses that are longer than two equal reads."""
    PARTIAL = "partial"
    """The first half stands there for a while, then the whole."""
    PREALLOCATED = "preallocated"
    """As long as it will be from the start, filled with zeros; then overwritten."""
    DUPLICATE = "duplicate"
    """The same response twice, and once more in a second file."""
    OUT_OF_ORDER = "out-of-order"
    """Only after the next request was answered."""
    FOREIGN_INSTITUTION = "foreign-institution"
    """First a response of the same name for another institution."""
    FOREIGN_IDENTIFIER = "foreign-identifier"
    """First a response of the same name to somebody else's question."""
    NEIGHBOURS = "neighbours"
    """Files of other families, other numbers and other software beside it."""
    IN_PROGRESS = "in-progress"
    """First "processing", then the answer under the same name."""
    ZIPCRYPTO = "zipcrypto"
    AES = "aes"
    UPPER_CASE = "upper-case"
    """A name in other letters' case, as Windows allows."""
    NO_ANSWER = "no-answer"
    """Never answered."""
    ERR = "err"
    """Refused by a .err file."""
    ERR_BESIDE = "err-beside"
    """Refused: the request lies in the folder of answers, a .err of the same name beside it."""
    ABNORMAL = "abnormal"
    """処理結果区分 9: the national system did not take the question."""
    STATUS_ERROR = "status-error"
    """処理結果状況 2: it could not work it off."""
    WRONG_ENCODING = "wrong-encoding"
    """Declared as UTF-8, written in Shift_JIS. Unreadable."""
    BROKEN = "broken"
    """Ends in the middle, for good. Unreadable."""
    OTHER_BIRTH_DATE = "other-birth-date"
    """The coverage is of somebody else."""
    OTHER_ECHO = "other-echo"
    """The echoed query is not what was asked."""
    OTHER_DAY = "other-day"
    """The answer speaks of another 資格確認日."""


DELIVERED = frozenset(
    {
        Quirk.SLOW,
        Quirk.PARTIAL,
        Quirk.PREALLOCATED,
        Quirk.DUPLICATE,
        Quirk.OUT_OF_ORDER,
        Quirk.FOREIGN_INSTITUTION,
        Quirk.FOREIGN_IDENTIFIER,
        Quirk.NEIGHBOURS,
        Quirk.IN_PROGRESS,
        Quirk.ZIPCRYPTO,
        Quirk.AES,
        Quirk.UPPER_CASE,
    }
)
"""With these the right answer has to arrive."""
