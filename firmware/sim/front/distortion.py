"""How bad a frame is: the ranges that a camera shot is drawn from, as named levels.

Pure data, any thread. Lengths in pixels hold for a frame 1280 wide and shrink with narrower ones, so that text suffers
alike. MODERATE is the "moderate distortion" that issue C's C3 is measured at; change single values with
`dataclasses.replace`.
"""

from dataclasses import dataclass

REFERENCE_WIDTH = 1280


@dataclass(frozen=True, slots=True)
class Distortion:
    """Upper bounds (or ranges) of one shot's faults.

    `turn`, `tilt`: degrees in and out of the plane. `fill`: the card's bounding box against the frame; over 1 cuts it
    off. `blur`: defocus and motion together, standard deviation in pixels. `noise`: standard deviation in grey levels.
    `exposure`: stops up or down. `cast`, `vignette`, `slope`: share of brightness lost per channel, in the corners,
    from side to side. `shadow`: share lost in the shadowed part. `glare`: most spots. `jpeg`: lowest quality.
    `clutter`: most things on the desk. `qr_beside`, `thumb`: how often a QR code lies there, a thumb holds the card.
    """

    name: str
    turn: float = 180.0
    tilt: float = 0.0
    fill: tuple[float, float] = (0.85, 0.92)
    off_centre: float = 0.2
    blur: float = 0.0
    noise: float = 0.0
    exposure: float = 0.0
    cast: float = 0.0
    vignette: float = 0.0
    slope: float = 0.0
    shadow: float = 0.0
    glare: int = 0
    glare_over_text: bool = False
    jpeg: int = 100
    clutter: int = 0
    qr_beside: float = 0.0
    thumb: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.tilt <= 60 and 0 <= self.turn <= 180 and 10 <= self.jpeg <= 100):
            raise ValueError("tilt 0 to 60, turn 0 to 180 degrees, JPEG quality 10 to 100")
        if not 0.2 <= self.fill[0] <= self.fill[1] <= 1.5:
            raise ValueError("fill is a range within 0.2 to 1.5")


CLEAN = Distortion("clean", turn=3.0, noise=1.0, jpeg=95)
MODERATE = Distortion(
    "moderate",
    tilt=25.0,
    fill=(0.80, 0.97),
    off_centre=1.0,
    blur=1.1,
    noise=12.0,
    exposure=0.5,
    cast=0.12,
    vignette=0.3,
    slope=0.2,
    shadow=0.4,
    glare=2,
    jpeg=75,
    clutter=3,
    qr_beside=0.05,
)
HARD = Distortion(
    "hard",
    tilt=38.0,
    fill=(0.5, 1.08),
    off_centre=1.0,
    blur=2.6,
    noise=26.0,
    exposure=1.4,
    cast=0.25,
    vignette=0.6,
    slope=0.45,
    shadow=0.7,
    glare=4,
    glare_over_text=True,
    jpeg=40,
    clutter=6,
    qr_beside=0.2,
    thumb=0.4,
)
LEVELS = {level.name: level for level in (CLEAN, MODERATE, HARD)}
