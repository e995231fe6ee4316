"""Issue 2, A4: a card reader's software of others, the device and the gateway agree on the same card.

What OpenSC makes of the card alone is in test_card_opensc.py.
"""

import pytest

from tools.stack.privacy import Examined

pytestmark = pytest.mark.system


def test_opensc_names_the_card_of_the_stack(examined: Examined) -> None:
    assert examined.opensc is not None
    assert examined.opensc.name == "jpki"


def test_opensc_reads_the_certificate_that_the_device_read(examined: Examined) -> None:
    assert examined.opensc is not None
    assert examined.opensc.certificate == examined.certificate
    # The fingerprints of what the device sent in its look-ups, and of whom the registry knows.
    assert examined.looked_up == {examined.certificate}
    assert examined.known == {examined.certificate}
