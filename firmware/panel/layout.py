"""View -> Page: which words a screen says. Pure.

One function per View, registered by its type; a test proves that every subclass of `View` has one. Codes become words
here and nowhere else. `ResultView.because` is not shown on purpose: bystanders read the screen, and the reason reaches
the staff with the sealed result.
"""

from dataclasses import replace
from functools import singledispatch

from firmware.core.fault_texts import CATALOGUE
from firmware.core.faults import FaultCode
from firmware.core.outcomes import EligibilityCode, FacePrompt, Method
from firmware.core.views import (
    ConsentView,
    FaceView,
    IdentifyingView,
    IdleView,
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
from firmware.panel.page import Dots, Page, Sign
from firmware.panel.texts import Words

PIN_GROUPS = (4,)
NUMBER_B_GROUPS = (6, 4, 4)
MAX_FAULT_LINES = 2

_NUMBER_B_PARTS = ("number_b_birth", "number_b_expiry", "number_b_code", "number_b_full")
_METHOD_ORDER = (Method.FACE, Method.PIN, Method.STAFF)
_SIGNS = {
    FacePrompt.LOOK_STRAIGHT: Sign.STRAIGHT,
    FacePrompt.TURN_LEFT: Sign.LEFT,
    FacePrompt.TURN_RIGHT: Sign.RIGHT,
    FacePrompt.COME_CLOSER: Sign.CLOSER,
    FacePrompt.HOLD: Sign.HOLD,
}


@singledispatch
def layout(view: View, words: Words) -> Page:
    """What `view` says in the language of `words`."""
    raise NotImplementedError(f"no page for {type(view).__name__}, language {words.language}")


def _counter(fault: FaultCode, words: Words) -> tuple[str, ...]:
    return CATALOGUE[fault].counter.of(words.language)


def _staff(fault: FaultCode, words: Words) -> str:
    return f"{fault} {CATALOGUE[fault].staff.of(words.language)}"


@layout.register
def _starting(_: StartingView, words: Words) -> Page:
    return words.page("starting")


@layout.register
def _unprovisioned(_: UnprovisionedView, words: Words) -> Page:
    return words.page("unprovisioned")


@layout.register
def _out_of_service(view: OutOfServiceView, words: Words) -> Page:
    page = words.page("out_of_service")
    remedy = CATALOGUE[view.fault].remedy.of(words.language)
    return replace(page, body=(*page.body, _staff(view.fault, words)), small=(remedy,))


@layout.register
def _idle(view: IdleView, words: Words) -> Page:
    page = words.page("idle")
    held = words.phrase("held", n=view.held) if view.held else ""
    if not view.warnings:
        return replace(page, note=held or page.note)
    what, still = _counter(view.warnings[0], words)  # the second line says that checking in still works
    return replace(page, body=(held or what,), note=still)


@layout.register
def _information(view: InformationView, words: Words) -> Page:
    return words.page(f"information_{view.page.name.lower()}")


@layout.register
def _identifying(view: IdentifyingView, words: Words) -> Page:
    return words.page("identifying_put_back" if view.put_back else "identifying")


@layout.register
def _notice(view: NoticeView, words: Words) -> Page:
    labels = words.page("buttons").buttons
    left, middle, right = (
        label if method in view.methods else "" for method, label in zip(_METHOD_ORDER, labels, strict=True)
    )
    if view.because is not None:
        page = replace(words.page("notice_again"), title=_counter(view.because, words)[:1])
    else:
        page = words.page("notice" if Method.FACE in view.methods else "notice_no_face")
    return replace(page, buttons=(left, middle, right))


@layout.register
def _number_b(view: NumberBView, words: Words) -> Page:
    if view.reading and not view.count:
        return _front(view, words)
    if not view.keypad:
        return words.page("number_b_no_keypad")
    page = words.page("number_b")
    if view.card_out:
        page = words.page("number_b_card_out")
    elif view.wrong and view.tries_left is None:
        page = words.page("number_b_wrong")
    elif view.wrong:
        page = words.page("number_b_wrong_left", n=view.tries_left)
    ends = (sum(NUMBER_B_GROUPS[: index + 1]) for index in range(len(NUMBER_B_GROUPS)))
    part = sum(view.count >= end for end in ends)
    full = part == len(NUMBER_B_GROUPS)
    dots = Dots(view.count, NUMBER_B_GROUPS)
    if full and view.card_out:
        return replace(words.page("number_b_put_back"), dots=dots)
    note = "" if full else page.note
    return replace(page, body=words.page(_NUMBER_B_PARTS[part]).body, note=note, dots=dots)


def _front(view: NumberBView, words: Words) -> Page:
    """The camera reads the card's front, lying in the tray or held before it."""
    name = "front" if view.front_hint is None else f"front_{view.front_hint}"
    if view.show_card and f"{name}_shown" in words.entries:
        name = f"{name}_shown"
    page = words.page(name)
    if view.wrong and view.front_hint is None:
        page = replace(page, body=(words.phrase("front_wrong"), *page.body))
    if view.card_out:
        page = replace(page, buttons=("", "", ""))
    return replace(page, note=words.phrase("front_or_type") if view.keypad else "")


@layout.register
def _reading_chip(_: ReadingChipView, words: Words) -> Page:
    return words.page("reading_chip")


@layout.register
def _face(view: FaceView, words: Words) -> Page:
    if view.prompt is not None:
        page = replace(words.page(f"prompt_{view.prompt}"), sign=_SIGNS[view.prompt])
    else:
        page = words.page("face" if view.hint is None else f"face_{view.hint}")
    if view.attempt == 1:
        return page
    return replace(page, note=words.phrase("attempt", attempt=view.attempt, attempts=view.attempts))


@layout.register
def _pin(view: PinView, words: Words) -> Page:
    if view.checking:
        return words.page("pin_checking")
    full = view.count >= sum(PIN_GROUPS)
    page = words.page("pin_full" if full else "pin_wrong" if view.wrong else "pin")
    note = "" if view.tries_left is None else words.phrase("tries_left", n=view.tries_left)
    return replace(page, note=note, dots=Dots(view.count, PIN_GROUPS))


@layout.register
def _last_try(_: LastTryView, words: Words) -> Page:
    return words.page("last_try")


@layout.register
def _staff_called(view: StaffView, words: Words) -> Page:
    page = words.page("staff")
    if not view.other_way:
        page = replace(page, buttons=("", "", ""))
    return page if view.because is None else replace(page, body=(_counter(view.because, words)[0], *page.body))


@layout.register
def _consent(_: ConsentView, words: Words) -> Page:
    return words.page("consent")


@layout.register
def _register(view: RegisterView, words: Words) -> Page:
    return words.page("register_working" if view.working else "register")


@layout.register
def _looking_up(_: LookingUpView, words: Words) -> Page:
    return words.page("looking_up")


@layout.register
def _result(view: ResultView, words: Words) -> Page:
    done = view.next_step is NextStep.DONE
    # Without an outcome of its own: the words of all that is settled at the counter, which tell nothing.
    code = view.outcome or (EligibilityCode.VALID if done else EligibilityCode.INVALID)
    first, second = words.outcomes.outcomes[code].patient.of(words.language)
    page = replace(words.page("result"), title=(first,), body=(second,))
    return replace(page, body=(*page.body, words.phrase("held", n=view.held))) if view.held else page


@layout.register
def _remove_card(view: RemoveCardView, words: Words) -> Page:
    if view.left_behind:
        return words.page("remove_card_left_behind")
    if view.because is None:
        return words.page("remove_card")
    return replace(words.page("remove_card_because"), body=_counter(view.because, words))


@layout.register
def _service(view: ServiceView, words: Words) -> Page:
    if not view.faults:
        return words.page("service_fine")
    page = words.page("service")
    rest = len(view.faults) - MAX_FAULT_LINES
    shown = tuple(_staff(fault, words) for fault in view.faults[:MAX_FAULT_LINES])
    return replace(page, body=shown, note=words.phrase("more_faults", n=rest) if rest > 0 else "")
