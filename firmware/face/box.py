"""`FaceBox`: one detected face, in pixels of the picture it was found in (x to the right, y down). Pure."""

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, repr=False)
class FaceBox:
    """`x`, `y`: upper left corner. `points`: the person's right eye, left eye, nose, right and left mouth corner."""

    x: float
    y: float
    width: float
    height: float
    score: float
    points: tuple[Point, ...]

    def scaled(self, factor: float) -> "FaceBox":
        """The same face in a picture `factor` times as large."""
        points = tuple((x * factor, y * factor) for x, y in self.points)
        return FaceBox(self.x * factor, self.y * factor, self.width * factor, self.height * factor, self.score, points)

    def overlap(self, other: "FaceBox") -> float:
        """Intersection over union, 0 to 1."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if across <= 0 or down <= 0:
            return 0.0
        common = across * down
        return common / (self.width * self.height + other.width * other.height - common)
