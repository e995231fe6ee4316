"""Whom the device trusts and talks to: CAs and issuers, gateway, responder, broker, receptions, outbox.

Sections of `madoguchi.toml` (see `schema.py`). Pure; any thread.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from firmware.settings.fields import (
    JPKI_CA_SHA256,
    Host,
    Http,
    Https,
    Id,
    Port,
    PublicFile,
    Seconds,
    SecretFile,
    Section,
    Sha256,
    SitePath,
)


class PinnedCa(Section):
    """A CA of the user-authentication certificate, trusted because its fingerprint stands here.

    None written: the three official ones. With any other the device is no production device (`env` is `test`).
    """

    file: PublicFile | None = Field(
        default=None,
        description="The CA certificate, DER or PEM. Without: it is taken from the card, and counts only if it is the "
        "pinned one.",
    )
    sha256: Sha256 = Field(description="SHA-256 of its DER bytes, lower-case hex.")


class Trust(Section):
    """Whose signatures on a card count."""

    jpki_ca: tuple[PinnedCa, ...] = Field(
        default=tuple(PinnedCa(sha256=pin) for pin in JPKI_CA_SHA256),
        min_length=1,
        max_length=16,
        description="CAs of the user-authentication certificate, pinned by fingerprint.",
    )
    face_issuers: tuple[PublicFile, ...] = Field(
        default=(),
        max_length=16,
        description="Public keys (PEM) of issuers of the card-face record. None: issuer unknown.",
    )
    face_issuers_are_official: bool = Field(
        default=False,
        description="The site's written word that `face_issuers` are the real ones: no public list exists to compare "
        "them with. With keys installed and without this, the device is no production device (`env` is `test`).",
    )
    policies: tuple[Annotated[str, Field(pattern=r"^\d+(\.\d+){2,20}$")], ...] = Field(
        default=("1.2.392.200149.8.5.1.3.30",),
        min_length=1,
        max_length=8,
        description="Certificate policies (OIDs); a certificate must name one of them.",
    )


class Gateway(Section):
    """Eligibility gateway. Without this table the device works stand-alone, without eligibility."""

    url: Https = Field(description="Address of the gateway, https only.")
    ca: PublicFile = Field(description="CA certificate (PEM) of the gateway's server; no public root is trusted.")
    certificate: PublicFile = Field(description="Client certificate (PEM) shown to the gateway.")
    key: SecretFile = Field(description="Private key (PEM) of that certificate.")
    request_seconds: Seconds = Field(
        default=10.0, description="Longest wait for one answer of the gateway, which may hold a question up to 5 s."
    )
    pool: int = Field(
        default=8, ge=1, le=64, description="Challenges fetched in advance; each serves one visit, 10 minutes."
    )


class Revocation(Section):
    """OCSP responder that the site is approved to ask whether a card's certificate was revoked (RFC 6960).

    Without this table revocation stays unknown. The address in the certificate is never called.
    """

    url: Http = Field(
        description="Address of the responder, http or https. Its answers are signed; over http others on the network "
        "can see which certificate (serial number) is asked about."
    )
    seconds: Seconds = Field(default=3.0, description="Longest wait for its answer.")
    ca: PublicFile | None = Field(
        default=None, description="https: CA certificate (PEM) of the responder's server; no public root is trusted."
    )
    certificate: PublicFile | None = Field(
        default=None, description="https: client certificate (PEM), where the responder wants one."
    )
    key: SecretFile | None = Field(default=None, description="Private key (PEM) of that certificate.")

    @model_validator(mode="after")
    def _files_fit(self) -> Self:
        if self.url.startswith("https:") != (self.ca is not None):
            raise ValueError("an https address needs `ca`, an http address has none")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("`certificate` and `key` belong together")
        if self.certificate is not None and self.ca is None:
            raise ValueError("`certificate` needs an https address")
        return self


class Broker(Section):
    """MQTT broker."""

    host: Host = Field(description="Name or address of the broker.")
    port: Port = Field(default=8883, description="TLS port of the broker.")
    ca: PublicFile = Field(description="CA certificate (PEM) of the broker; no public root is trusted.")
    certificate: PublicFile = Field(description="Client certificate (PEM); its common name is the device id.")
    key: SecretFile = Field(description="Private key (PEM) of that certificate.")
    protocol: Literal["5", "3.1.1"] = Field(default="5", description="MQTT version.")


class Reception(Section):
    """One reception software that gets every result, sealed to its own key."""

    id: Id = Field(description="Opaque id of the reception; last level of its result topic.")
    encryption_key: PublicFile = Field(description="Its public key to seal to (EC P-256, PEM, ECDH-ES).")
    signing_key: PublicFile = Field(
        description="Its public key for acknowledgements and requests (EC P-256, PEM, ES256)."
    )


class Outbox(Section):
    """Results that no reception has acknowledged yet."""

    path: SitePath = Field(description="The SQLite file; everything in it is sealed.")
    retention_days: int = Field(
        default=7, ge=1, le=90, description="After this time an undelivered result is dropped, with an alert."
    )
    max_rows: int = Field(
        default=10_000, ge=10, le=1_000_000, description="Bound of the outbox; full: no visit is started."
    )
