"""From the flags of `make run` to a `Plan`, and which flags contradict each other.

Pure. PlanError with one sentence for whoever typed them.
"""

from firmware.sim.gateway.seed import CONFLICTS
from firmware.sim.scenario.outcomes import ANSWERS, has_number, listed, named
from firmware.sim.scenario.plan import PULLABLE, SETTLED, Away, Face, Flags, Plan, Question, Way


class PlanError(Exception):
    """These flags make no visit."""


def make_plan(flags: Flags) -> Plan:
    """The visit, or the question, that `flags` ask for."""
    for broken, why in (*_of_the_visit(flags), *_of_the_answer(flags), *_of_who_answers(flags)):
        if broken:
            raise PlanError(why)
    return Plan(
        way=_way(flags),
        face=_face(flags),
        forged=flags.forged_chip,
        accept_unknown_issuer=flags.accept_unknown_issuer,
        front=_reads_front(flags),
        back_first=flags.back_first,
        one_camera=flags.one_camera,
        liveness=flags.liveness,
        pins=(False, True) if flags.wrong_pin else (True,),
        consent=not flags.refuse_consent,
        # Staff who look at a forged card see that no issuer is known, and do not vouch for it.
        staff_approves=not flags.forged_chip,
        pull_at=flags.pull_card_at,
        slow_look_up=3.0 if flags.pull_card_at in {"Consenting", "LookingUp"} else 0.0,
        away=frozenset(_away(flags)),
        answer=None if flags.answer is None else _person(flags.answer),
        question=_question(flags),
        terminal=flags.terminal,
        pick_up=flags.pick_up,
        twins=flags.twins,
    )


def _way(flags: Flags) -> Way:
    if flags.pin or flags.wrong_pin:
        return Way.PIN
    if flags.staff:
        return Way.STAFF
    return PULLABLE.get(flags.pull_card_at or "", Way.FACE)


def _reads_front(flags: Flags) -> bool:
    return flags.front or flags.back_first or flags.one_camera


def _face(flags: Flags) -> Face:
    if flags.impostor:
        return Face.IMPOSTOR
    if flags.printed:
        return Face.PRINT
    # Nobody before the camera keeps the device looking until the card is pulled.
    return Face.NOBODY if flags.pull_card_at in {"Unlocking", "Matching"} else Face.HOLDER


def _away(flags: Flags) -> list[Away]:
    parts = (
        (Away.GATEWAY, flags.gateway_down),
        (Away.BROKER, flags.broker_down),
        (Away.RECEPTION, flags.reception_down),
    )
    return [part for part, down in parts if down]


Rules = tuple[tuple[bool, str], ...]
"""Whether a rule is broken, and the sentence about it."""


def _of_the_visit(flags: Flags) -> Rules:
    pin = flags.pin or flags.wrong_pin
    staffed = flags.staff or flags.pull_card_at == "AwaitingStaff" or (flags.forged_chip and not pin)
    return (
        (pin and flags.staff, "--pin and --staff are two ways"),
        (flags.impostor and (pin or flags.staff), "--impostor is about the face, not about PIN or staff"),
        (flags.impostor and bool(flags.pull_card_at), "--impostor ends with the card pulled anyway"),
        (flags.forged_chip and (pin or flags.staff or flags.impostor), "--forged-chip goes the way of the face"),
        (_reads_front(flags) and _way(flags) is not Way.FACE, "the card's front is read for the face only"),
        (flags.liveness and _way(flags) is not Way.FACE, "--liveness is about the face, not about PIN or staff"),
        (flags.liveness and (flags.impostor or flags.forged_chip), "--liveness is for the holder, or with --print"),
        (flags.printed and not flags.liveness, "--print needs --liveness: without a challenge nothing tells a print"),
        (flags.printed and bool(flags.pull_card_at), "--print ends with the card pulled anyway"),
        (flags.accept_unknown_issuer and not flags.forged_chip, "--accept-unknown-issuer needs --forged-chip"),
        (
            staffed and not flags.accept_unknown_issuer and (flags.broker_down or flags.reception_down),
            "a staff check needs broker and reception",
        ),
        (
            flags.pull_card_at is not None and flags.pull_card_at not in PULLABLE,
            f"--pull-card-at takes one of {', '.join(PULLABLE)}",
        ),
        (
            flags.pull_card_at is not None and _way(flags) not in _ways_to(flags.pull_card_at),
            f"this visit does not come to {flags.pull_card_at}",
        ),
        (
            flags.pull_card_at in {"Consenting", "LookingUp"} and flags.gateway_down,
            "with the gateway down there is no look-up to leave behind",
        ),
    )


def _of_the_answer(flags: Flags) -> Rules:
    if flags.answer is None:
        return ()
    name = _person(flags.answer)
    never = flags.impostor or flags.printed or (flags.forged_chip and not flags.accept_unknown_issuer)
    needs_card = ANSWERS[name].first is not None
    early = flags.pull_card_at is not None and flags.pull_card_at not in SETTLED
    alone = _question(flags) is not None or flags.pick_up
    return (
        (flags.gateway_down, "--answer needs a gateway that answers"),
        (never or early, "--answer: in this visit nobody is asked for an answer"),
        (
            name in CONFLICTS and _way(flags) is not Way.FACE,
            f"--answer {flags.answer}: only by face the device knows the card's birth date",
        ),
        (needs_card and flags.pull_card_at is not None, f"--answer {flags.answer}: registering needs the card"),
        (
            alone and not has_number(name),
            f"--answer {flags.answer}: that person has no data of their own to ask for or to find",
        ),
    )


def _of_who_answers(flags: Flags) -> Rules:
    asks, parts_down = _question(flags) is not None, flags.broker_down or flags.reception_down
    face = _way(flags) is Way.FACE and not (flags.impostor or flags.printed or flags.forged_chip)
    return (
        (flags.number and flags.disaster, "--number and --disaster are two questions"),
        (asks and flags.pick_up, "--pick-up is about a visit, --number and --disaster ask without a card"),
        (
            asks and _visits(flags),
            "--number and --disaster ask without a card: no flag of a visit goes with them",
        ),
        (asks and parts_down, "a question of the reception needs broker and reception"),
        (flags.terminal and flags.disaster, "--disaster goes over the gateway, not over the terminal"),
        (
            flags.terminal and not (flags.number or flags.pick_up),
            "--terminal needs --number or --pick-up: it answers nothing else",
        ),
        (flags.terminal and flags.gateway_down, "--terminal: such a site has no gateway"),
        (flags.pick_up and not flags.terminal, "--pick-up needs --terminal"),
        (flags.twins and not flags.pick_up, "--twins needs --pick-up"),
        (flags.twins and flags.answer is not None, "--twins: nothing is shown, whatever the answer"),
        (
            flags.pick_up and (not face or flags.pull_card_at not in {None, "LookingUp"}),
            "--pick-up is for a patient known by face: the result must fit the card, pulled at LookingUp if at all",
        ),
        (flags.pick_up and flags.refuse_consent, "--pick-up: consents are asked by the official reader, not here"),
        (flags.pick_up and parts_down, "--pick-up: staff confirm at the reception, which needs broker and reception"),
    )


def _visits(flags: Flags) -> bool:
    """Whether something is said about a visit."""
    said = (
        *(flags.impostor, flags.pin, flags.wrong_pin, flags.staff, flags.refuse_consent, flags.forged_chip),
        *(flags.accept_unknown_issuer, _reads_front(flags), flags.liveness, flags.printed),
    )
    return any(said) or flags.pull_card_at is not None


def _question(flags: Flags) -> Question | None:
    if flags.number:
        return Question.NUMBER
    return Question.PERSON if flags.disaster else None


def _person(answer: str) -> str:
    try:
        return named(answer)
    except KeyError:
        raise PlanError(f"--answer {answer}: nobody has that name or outcome. By outcome:\n{listed()}") from None


def _ways_to(state: str) -> frozenset[Way]:
    if state in SETTLED or state in {"Identifying", "ChoosingMethod"}:
        return frozenset(Way)
    return frozenset({PULLABLE.get(state, Way.FACE)})
