"""Plays sequences: `SPECIES` by name, and the loop of camera, detector and screen. Same seed, same sequence.

Each sequence has one of its own `random.Random`, made of species and seed, for person, camera, noise and movement.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from firmware.sim.heads import fakes
from firmware.sim.heads.actors import KINDS, Body, real
from firmware.sim.heads.camera import Camera, Noise, Seen, any_camera
from firmware.sim.heads.people import Person, any_person, proportion

Maker = Callable[[random.Random, Person, Camera, Noise], Body]


@dataclass(frozen=True, slots=True)
class Species:
    """`live`: ground truth."""

    name: str
    live: bool
    make: Maker


SPECIES: dict[str, Species] = {
    **{name: Species(name, live=True, make=partial(real, name)) for name in KINDS},
    **{
        name: Species(name, live=False, make=make)
        for name, make in (
            ("print flat", fakes.print_flat),
            ("print bent", fakes.print_bent),
            ("print mask on a head", fakes.print_mask),
            ("print folded", fakes.print_folded),
            ("print folded, widened", fakes.print_relief),
            ("print, nose bent out", fakes.print_nose),
            ("screen, still picture", fakes.screen_still),
            ("screen, any order", fakes.screen_any_order),
            ("screen, matching", fakes.screen_matching),
            ("two people", fakes.two_people),
        )
    },
}


@dataclass(frozen=True, slots=True)
class Sequence:
    """One sequence about to be played. `proportion`: of the chip's photo, as a detector would measure it."""

    species: Species
    body: Body
    proportion: float
    rng: random.Random

    def frames(self) -> Iterator[float]:
        """Times of the frames that arrive: uneven, some dropped."""
        at, camera = 0.0, self.body.camera
        while True:
            at += (1 + self.rng.uniform(-0.1, 0.1)) / camera.rate
            if self.rng.random() >= camera.dropped:
                yield at


def sequence(name: str, seed: int, noise: float = 1.0) -> Sequence:
    """Sequence `seed` of a species. `noise`: times the ordinary noise of 0.5 to 2 px. Raises KeyError."""
    species = SPECIES[name]
    rng = random.Random(f"{name} {seed}")
    person, camera = any_person(rng), any_camera(rng)
    body = species.make(rng, person, camera, Noise(noise * rng.uniform(0.5, 2.0), rng))
    return Sequence(species, body, proportion(person) * (1 + rng.gauss(0, 0.03)), rng)


def play(played: Sequence, show: Callable[[Seen], str | None], longest: float = 60.0) -> None:
    """Hand each frame to `show`; it returns the prompt on the screen, or None when it is over."""
    prompt: str | None = "look-straight"
    for at in played.frames():
        if prompt is None or at > longest:
            return
        played.body.tell(at, prompt)
        prompt = show(played.body.see(at))
