"""Refusals by RFC 9457. Pure, any thread. Source: docs/gateway.yaml, `ProblemType`."""

from collections.abc import Mapping
from typing import Final

STATUSES: Final[Mapping[str, int]] = {
    "malformed": 400,
    "signature-wrong": 403,
    "device-unknown": 403,
    "env-mismatch": 403,
    "challenge-unknown": 403,
    "challenge-used": 403,
    "challenge-expired": 403,
    "offline-challenge-refused": 403,
    "certificate-refused": 403,
    "evidence-wrong": 403,
    "disaster-mode-off": 403,
    "lookup-unknown": 404,
    "not-found": 404,
    "registration-not-offered": 409,
    "too-large": 413,
    "unsupported-media-type": 415,
    "idempotency-key-reused": 422,
    "rate-limited": 429,
    "internal": 500,
    "not-offered": 501,
    "unavailable": 503,
}


class ProblemError(Exception):
    """Why a request is refused. `detail` names members and checks, never values."""

    def __init__(self, kind: str, detail: str = "", retry_after: int | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        return STATUSES[self.kind]

    def document(self, env: str) -> dict[str, object]:
        """The problem document."""
        document: dict[str, object] = {
            "type": f"/problems/{self.kind}",
            "title": self.kind.replace("-", " "),
            "status": self.status,
            "env": env,
        }
        return document | ({"detail": self.detail} if self.detail else {})
