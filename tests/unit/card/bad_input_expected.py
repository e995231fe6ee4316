"""What every bad card of the simulator has to end in: by face, by PIN, and why if both accept it.

A fault code, or the first outcome that does not accept. Where only one half of the card is bad, the visit that does not
read that half goes on; the session asks the gateway by what it has. Read by test_card_bad_input.py.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Expected:
    """`harmless`: the reason why a card that both visits accept may be accepted."""

    name: str
    by_face: str
    by_pin: str
    harmless: str


def table(text: str) -> dict[str, Expected]:
    rows = {}
    for line in text.strip().splitlines():
        entry, _, harmless = line.partition("#")
        name, by_face, by_pin = entry.split()
        rows[name] = Expected(name, by_face, by_pin, harmless.strip())
    return rows


LIARS = table("""
record-bit                        ChipCheck.wrong                 accepted
record-last-bit                   ChipCheck.wrong                 accepted
certificate-bit                   CRD-030                         CRD-030
authority-bit                     CertificateCheck.unknown-issuer CertificateCheck.unknown-issuer
face-certificate-bit              CRD-003                         accepted
token-bit                         accepted                        accepted  # nothing signs EF 0006
signature-bit                     ChipCheck.wrong                 CRD-006
signature-zero                    ChipCheck.wrong                 CRD-006
signature-short                   ChipCheck.wrong                 CRD-006
signature-empty                   ChipCheck.wrong                 CRD-003
reads-truncated                   CRD-003                         CRD-003
reads-one-short                   CRD-003                         CRD-003
reads-empty                       CRD-003                         CRD-003
reads-one-longer                  CRD-003                         CRD-003
reads-huge                        CRD-003                         CRD-003
everything-huge                   CRD-003                         CRD-003
data-with-select                  CRD-003                         CRD-003
data-with-verify                  CRD-003                         CRD-003
status-zero                       CRD-003                         CRD-003
status-proprietary                CardKind.unknown                CardKind.unknown
status-unknown                    CardKind.unknown                CardKind.unknown
status-half                       CRD-003                         CRD-003
nothing-at-all                    CRD-003                         CRD-003
second-header                     CRD-003                         accepted
record-second-header              accepted                        accepted  # never heard: a header is read once
record-second-read                ChipCheck.wrong                 accepted
verify-always-right               accepted                        accepted  # the genuine chip opens itself
verify-says-right                 accepted                        accepted  # these digits were the right ones
verify-says-wrong                 TryCode.blocked                 TryCode.blocked
counter-never-falls               TryCode.stopped                 accepted
counter-of-fifteen                TryCode.wrong                   TryCode.wrong
counter-rises                     TryCode.wrong                   TryCode.wrong
own-authority                     CertificateCheck.unknown-issuer CertificateCheck.unknown-issuer
replayed-files                    ChipCheck.wrong                 CRD-006
mixed-certificate                 HolderCheck.other               CRD-006
face-of-another                   ChipCheck.wrong                 accepted
swapped-in-visit                  HolderCheck.other               TryCode.wrong
endless-6282                      CRD-003                         CRD-003
endless-61xx                      CardKind.unknown                CardKind.unknown
endless-6cxx                      CRD-003                         CRD-003
selects-everything                accepted                        accepted  # the genuine card would, too
no-card-face                      CardKind.unknown                CardKind.unknown
forgets-selection                 CRD-003                         CRD-003
closes-in-the-middle              CRD-003                         accepted
""")

BROKEN_CARDS = table("""
certificate-not-der               CRD-030                         CRD-030
certificate-noise                 CRD-030                         CRD-030
certificate-empty                 CRD-030                         CRD-030
certificate-zero-length           CRD-030                         CRD-030
certificate-longer-than-file      CRD-030                         CRD-030
certificate-longer-than-cards     CRD-030                         CRD-030
certificate-cut                   CRD-030                         CRD-030
certificate-huge                  CRD-030                         CRD-030
certificate-nested                CRD-030                         CRD-030
certificate-indefinite-length     CRD-030                         CRD-030
certificate-trailing-inside       CRD-030                         CRD-030
certificate-trailing-behind       accepted                        accepted  # never read: behind the object
certificate-wrong-signature       CertificateCheck.unknown-issuer CertificateCheck.unknown-issuer
certificate-is-the-authority      CertificateCheck.unknown-issuer CertificateCheck.unknown-issuer
serial-zero                       CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
serial-negative                   CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
serial-huge                       CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
year-9999                         CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
year-0                            CRD-030                         CRD-030
no-such-day                       CRD-030                         CRD-030
no-time                           CRD-030                         CRD-030
ends-before-it-begins             CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
no-end                            CRD-030                         CRD-030
key-512                           CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
key-1024                          CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
key-16384                         CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
key-even-modulus                  CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
key-exponent-1                    CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
key-exponent-even                 CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
key-exponent-huge                 CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
key-modulus-zero                  CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
key-of-another-kind               CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
key-not-der                       CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
no-extensions                     CertificateCheck.unknown-issuer CertificateCheck.unknown-issuer
extension-twice                   CRD-030                         CRD-030
extension-unknown-critical        CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
extension-not-der                 CRD-030                         CRD-030
no-key-usage                      CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
no-policy                         CertificateCheck.wrong-profile  CertificateCheck.wrong-profile
authority-not-der                 CRD-030                         CRD-030
authority-empty                   CRD-030                         CRD-030
authority-zero-length             CertificateCheck.unknown-issuer CertificateCheck.unknown-issuer
authority-huge                    CRD-030                         CRD-030
authority-longer-than-file        CRD-030                         CRD-030
authority-is-no-authority         CertificateCheck.unknown-issuer CertificateCheck.unknown-issuer
authority-of-its-own              CertificateCheck.unknown-issuer CertificateCheck.unknown-issuer
authority-of-the-future           CertificateCheck.unknown-issuer CertificateCheck.unknown-issuer
record-empty                      CRD-003                         accepted
record-zero-length                CRD-003                         accepted
record-other-tag                  CRD-003                         accepted
record-indefinite-length          CRD-003                         accepted
record-longer-than-file           CRD-003                         accepted
record-longer-than-cards          CRD-003                         accepted
record-shorter-than-content       CRD-003                         accepted
record-reserved-length            CRD-003                         accepted
record-nested                     CRD-003                         accepted
record-noise                      CRD-003                         accepted
record-three-stray-bytes          CRD-003                         accepted
photo-longer-than-file            CRD-003                         accepted
photo-longer-than-record          CRD-003                         accepted
photo-zero-length                 RecordCheck.wrong               accepted
photo-missing                     CRD-003                         accepted
photo-twice                       CRD-003                         accepted
photo-cut                         RecordCheck.wrong               accepted
photo-noise                       RecordCheck.wrong               accepted
photo-is-png                      RecordCheck.wrong               accepted
birth-twice                       CRD-003                         accepted
birth-missing                     CRD-003                         accepted
birth-zero-length                 CRD-003                         accepted
birth-no-such-day                 RecordCheck.wrong               accepted
birth-letters                     CRD-003                         accepted
birth-short                       CRD-003                         accepted
birth-not-ascii                   CRD-003                         accepted
sex-unknown                       CRD-003                         accepted
sex-twice                         CRD-003                         accepted
sex-zero-length                   CRD-003                         accepted
chip-key-short                    CRD-003                         accepted
chip-key-long                     CRD-003                         accepted
chip-key-even-modulus             CRD-003                         accepted
chip-key-zero                     CRD-003                         accepted
chip-key-exponent-1               CRD-003                         accepted
chip-key-exponent-even            CRD-003                         accepted
chip-key-wrong-size               CRD-003                         accepted
chip-key-zero-length              CRD-003                         accepted
chip-key-twice                    CRD-003                         accepted
signature-zero-length             RecordCheck.wrong               accepted
signature-short                   RecordCheck.wrong               accepted
signature-missing                 CRD-003                         accepted
signature-twice                   CRD-003                         accepted
objects-in-other-order            accepted                        accepted  # objects are found by tag, not by place
object-unknown                    accepted                        accepted  # unknown objects are left alone
offsets-wrong                     accepted                        accepted  # the offset table is not used
offsets-short                     accepted                        accepted  # the offset table is not used
face-certificate-empty            CRD-003                         accepted
face-certificate-other-tag        CRD-003                         accepted
face-certificate-longer-than-file CRD-003                         accepted
face-certificate-zero-length      CRD-003                         accepted
face-certificate-no-signature     CRD-003                         accepted
face-certificate-body-cut         CRD-003                         accepted
face-certificate-body-twice       CRD-003                         accepted
token-short                       CRD-003                         CRD-003
token-empty                       CRD-003                         CRD-003
token-noise                       accepted                        accepted  # nothing signs EF 0006
token-serial-letters              accepted                        accepted  # nothing signs EF 0006
token-label-unknown               accepted                        accepted  # its applications tell what it is
""")
