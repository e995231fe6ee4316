"""The JPKI application, user-authentication half: token serial (EF 0006), certificate (EF 000A), signature (key 0017).

Card lane. Raises CARD_GARBAGE, CERTIFICATE_BROKEN and the channel's faults. Source: card.md 2.6 and 3.
"""

from firmware.card import apdu
from firmware.card.channel import CardChannel, FileShape, unexpected
from firmware.card.names import Application, JpkiFile
from firmware.card.tlv import TlvError
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret

_SERIAL_OFFSET = 32 + 32 + 16
"""Token information is laid out like PKCS#11's CK_TOKEN_INFO: label, manufacturer, model, serial."""
_SERIAL_LENGTH = 16
_CERTIFICATE = FileShape(tag=0x30, probe=4, limit=8_192)


def read_token(channel: CardChannel) -> Secret:
    """The token's serial, which tells two cards apart. Nothing else of the file is read."""
    channel.select_file(Application.JPKI, JpkiFile.TOKEN)
    return Secret(channel.read(_SERIAL_OFFSET, _SERIAL_LENGTH))


def read_certificate(channel: CardChannel) -> Secret:
    """EF 000A in DER, exactly as long as its header says."""
    channel.select_file(Application.JPKI, JpkiFile.CERTIFICATE)
    try:
        return channel.read_file(_CERTIFICATE)
    except TlvError as error:
        raise DeviceError(FaultCode.CERTIFICATE_BROKEN, f"EF 000A: {error}") from error


def sign(channel: CardChannel, digest: bytes) -> bytes:
    """PKCS#1 v1.5 signature over a SHA-256 with the user-authentication key; needs a verified PIN."""
    channel.select_file(Application.JPKI, JpkiFile.KEY)
    signature, sw = channel.sign(digest, 0x80)
    if sw != apdu.OK:
        unexpected("signature", sw)
    if not signature:
        raise DeviceError(FaultCode.CARD_GARBAGE, "empty signature")
    return signature
