"""One or more representative instances of every View, by the name of their picture."""

from collections.abc import Iterator
from itertools import combinations

from firmware.core.faults import FaultCode
from firmware.core.outcomes import FacePrompt, FrontHint, Method, UnsureReason
from firmware.core.views import (
    ConsentView,
    FaceView,
    IdentifyingView,
    IdleView,
    InformationPage,
    InformationView,
    LastTryView,
    LookingUpView,
    NextStep,
    NoticeView,
    NumberBView,
    OutOfServiceView,
    PinView,
    ReadingChipView,
    RegisterView,
    RemoveCardView,
    ResultView,
    ServiceView,
    StaffView,
    StartingView,
    UnprovisionedView,
    View,
)

ALL = (Method.FACE, Method.PIN, Method.STAFF)
OTHERS = (Method.PIN, Method.STAFF)

SAMPLES: dict[str, View] = {
    "01-starting": StartingView(),
    "02-unprovisioned": UnprovisionedView(),
    "03-out-of-service": OutOfServiceView(FaultCode.READER_LOST),
    "04-idle": IdleView(),
    "05-idle-held": IdleView(held=3),
    "06-idle-warning": IdleView(warnings=(FaultCode.CAMERA_MISSING, FaultCode.CLOCK_UNKNOWN)),
    **{f"07-information-{page}": InformationView(page) for page in InformationPage},
    "08-identifying": IdentifyingView(),
    "09-identifying-put-back": IdentifyingView(put_back=True),
    "10-notice": NoticeView(ALL),
    "11-notice-without-face": NoticeView(OTHERS),
    "12-notice-after-face": NoticeView(OTHERS, FaultCode.FACE_NOT_MATCHED),
    "13-number-b": NumberBView(0),
    "14-number-b-expiry": NumberBView(7),
    "15-number-b-code": NumberBView(12),
    "16-number-b-full": NumberBView(14),
    "17-number-b-wrong": NumberBView(0, wrong=True, tries_left=8),
    "18-number-b-card-out": NumberBView(3, card_out=True),
    "18-number-b-put-back": NumberBView(14, card_out=True),
    "18-number-b-no-keypad": NumberBView(0, keypad=False),
    "18-front": NumberBView(0, reading=True),
    "18-front-wrong": NumberBView(0, wrong=True, tries_left=8, reading=True),
    "18-front-no-keypad": NumberBView(0, reading=True, keypad=False),
    **{f"18-front-{hint}": NumberBView(0, reading=True, front_hint=hint) for hint in FrontHint},
    "18-front-shown": NumberBView(0, reading=True, show_card=True),
    "18-front-shown-card-out": NumberBView(0, reading=True, show_card=True, card_out=True),
    **{
        f"18-front-shown-{hint}": NumberBView(0, reading=True, front_hint=hint, show_card=True)
        for hint in (FrontHint.NO_CARD, FrontHint.TURN_OVER, FrontHint.CLOSER)
    },
    "19-reading-chip": ReadingChipView(),
    "20-face": FaceView(1, 3),
    **{f"21-face-{hint}": FaceView(2, 3, hint) for hint in UnsureReason},
    **{f"21-prompt-{prompt}": FaceView(1, 3, prompt=prompt) for prompt in FacePrompt},
    "22-pin": PinView(0, None),
    "23-pin-typing": PinView(3, 3),
    "24-pin-wrong": PinView(0, 2, wrong=True),
    "25-pin-checking": PinView(4, 2, checking=True),
    "26-last-try": LastTryView(),
    "27-staff": StaffView(),
    "28-staff-because": StaffView(FaultCode.PIN_BLOCKED),
    "28-staff-record-unsigned": StaffView(FaultCode.CARD_RECORD_UNSIGNED, other_way=False),
    "29-consent": ConsentView(),
    "30-register": RegisterView(),
    "31-register-working": RegisterView(working=True),
    "32-looking-up": LookingUpView(),
    "33-result-done": ResultView(NextStep.DONE),
    "34-result-done-held": ResultView(NextStep.DONE, held=2),
    "35-result-counter": ResultView(NextStep.COUNTER, because=FaultCode.IDENTITY_CONFLICT),
    "36-remove-card": RemoveCardView(),
    "37-remove-card-left-behind": RemoveCardView(left_behind=True),
    "38-remove-card-not-mynumber": RemoveCardView(because=FaultCode.CARD_NOT_MYNUMBER),
    "38-remove-card-on-phone": RemoveCardView(because=FaultCode.CARD_ON_PHONE),
    "39-service": ServiceView(
        (FaultCode.READER_LOST, FaultCode.CAMERA_MISSING, FaultCode.BROKER_UNREACHABLE, FaultCode.CLOCK_UNKNOWN)
    ),
    "40-service-fine": ServiceView(()),
}


def variations() -> Iterator[View]:
    """Each sample, and each value of each enumeration a View carries."""
    yield from SAMPLES.values()
    for fault in FaultCode:
        yield from (OutOfServiceView(fault), IdleView((fault,)), StaffView(fault), RemoveCardView(because=fault))
        yield NoticeView(tuple(Method), fault)
    for size in (1, 2, 3):
        yield from (NoticeView(methods) for methods in combinations(Method, size))
    yield from (FaceView(3, 3, hint) for hint in UnsureReason)
    yield from (FaceView(3, 3, hint, prompt) for hint in (None, UnsureReason.TURNED) for prompt in FacePrompt)
    for hint in (None, *FrontHint):
        for wrong, shown, out in ((False, False, False), (True, True, True), (True, False, False)):
            yield NumberBView(0, wrong, 9, out, reading=True, front_hint=hint, show_card=shown)
    yield from (InformationView(page) for page in InformationPage)
    yield from (NumberBView(count, wrong, left) for count in range(15) for wrong, left in ((True, 9), (True, None)))
    yield from (PinView(count, 3) for count in range(5))
