"""OpenSSL as a second opinion: certificates that it made, and its path check beside ours on those that we made."""

import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from firmware.card.certificates import AUTH_POLICY, Judgement, judge
from firmware.core.outcomes import CertificateCheck, ClockState
from tests.unit.card.card_material import key
from tests.unit.card.certificate_material import (
    NOW,
    Authority,
    Holder,
    PrivateKey,
    authority,
    curve_key,
    policies,
    purposes,
    trust_in,
    usage,
)

CURVE_CA = Authority(curve_key("ca")).der()
LATE = datetime(2031, 1, 1, tzinfo=UTC)


def openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False, timeout=20)


def ours(der: bytes, ca: bytes, now: datetime = NOW) -> Judgement:
    return judge(der, trust_in(ca), now.timestamp(), ClockState.SYNCED)


def theirs(folder: Path, der: bytes, ca: bytes, now: datetime) -> bool:
    """OpenSSL's path check for a client's certificate with JPKI's policy."""
    for name, content in (("ca.pem", ca), ("holder.pem", der)):
        certificate = x509.load_der_x509_certificate(content)
        (folder / name).write_bytes(certificate.public_bytes(Encoding.PEM))
    asked = ["-x509_strict", "-check_ss_sig", "-purpose", "sslclient", "-attime", str(int(now.timestamp()))]
    policy = ["-policy", AUTH_POLICY, "-policy_check", "-explicit_policy"]
    return openssl(folder, "verify", *asked, *policy, "-CAfile", "ca.pem", "holder.pem").returncode == 0


CASES: dict[str, tuple[bytes, bytes, datetime]] = {
    "RSA": (Holder().der(), authority(), NOW),
    "P-384 by RSA": (Holder(curve_key("h").public_key()).der(), authority(), NOW),
    "P-384": (Holder(curve_key("h").public_key(), signed_by=curve_key("ca")).der(), CURVE_CA, NOW),
    "RSA by P-384": (Holder(signed_by=curve_key("ca")).der(), CURVE_CA, NOW),
    "another CA of that name": (Holder().der(), authority("other"), NOW),
    "another key than named": (Holder(signed_by=key("other"), named=key("ca")).der(), authority(), NOW),
    "another name": (Holder(issuer="JPKI for digital signature").der(), authority(), NOW),
    "too early": (Holder().der(), authority(), datetime(2024, 5, 31, tzinfo=UTC)),
    "expired": (Holder().der(), authority(), LATE),
    "another policy": (Holder(changes={"policies": (policies("1.2.3.4"), True)}).der(), authority(), NOW),
    "no policy": (Holder(changes={"policies": None}).der(), authority(), NOW),
    "another purpose": (
        Holder(changes={"purposes": (purposes(ExtendedKeyUsageOID.SERVER_AUTH), False)}).der(),
        authority(),
        NOW,
    ),
    "another usage": (Holder(changes={"usage": (usage("key_encipherment"), True)}).der(), authority(), NOW),
    "unknown critical extension": (
        Holder(changes={"x": (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\0"), True)}).der(),
        authority(),
        NOW,
    ),
}


@pytest.mark.parametrize(("der", "ca", "now"), CASES.values(), ids=CASES.keys())
def test_openssl_agrees(der: bytes, ca: bytes, now: datetime, tmp_path: Path) -> None:
    assert (ours(der, ca, now).check is CertificateCheck.VALID) is theirs(tmp_path, der, ca, now)


def test_both_verdicts_occur() -> None:
    """Otherwise the comparison above would pass for two checks that always say no."""
    verdicts = [ours(*case).check is CertificateCheck.VALID for case in CASES.values()]
    assert (verdicts.count(True), verdicts.count(False)) == (4, 10)


HOLDER_CONFIG = f"""\
[holder]
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
certificatePolicies = critical, {AUTH_POLICY}
authorityKeyIdentifier = keyid:always, issuer:always
subjectKeyIdentifier = hash
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[req]
distinguished_name = name
[name]
"""


def issued_by_openssl(folder: Path, ca: PrivateKey, private: PrivateKey) -> tuple[bytes, bytes]:
    """CA and holder, every byte by OpenSSL; four years from now, since this version can only count from today."""
    (folder / "made.cnf").write_text(HOLDER_CONFIG)
    for name, secret in (("ca.key", ca), ("holder.key", private)):
        (folder / name).write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    common = ["-config", "made.cnf", "-sha256" if ca is key("ca") else "-sha384", "-days", "1461"]
    root = ["req", "-x509", "-new", "-key", "ca.key", "-subj", "/C=JP/O=JPKI-TEST", "-extensions", "ca"]
    leaf = ["req", "-x509", "-new", "-key", "holder.key", "-subj", "/C=JP/CN=HOLDER", "-extensions", "holder"]
    commands = (
        [*root, *common, "-out", "ca.pem"],
        [*leaf, *common, "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "holder.pem"],
        ["x509", "-in", "ca.pem", "-outform", "DER", "-out", "ca.der"],
        ["x509", "-in", "holder.pem", "-outform", "DER", "-out", "holder.der"],
    )
    for command in commands:
        done = openssl(folder, *command)
        assert done.returncode == 0, done.stderr
    return (folder / "ca.der").read_bytes(), (folder / "holder.der").read_bytes()


@pytest.mark.parametrize(
    ("ca", "private"),
    [(key("ca"), key("holder")), (curve_key("ca"), curve_key("h")), (curve_key("ca"), key("holder"))],
    ids=["RSA", "P-384", "RSA by P-384"],
)
def test_what_openssl_issued_is_judged(ca: PrivateKey, private: PrivateKey, tmp_path: Path) -> None:
    authority_der, der = issued_by_openssl(tmp_path, ca, private)
    soon = x509.load_der_x509_certificate(der).not_valid_before_utc
    found = ours(der, authority_der, soon)
    assert (found.check, found.expires_soon) == (CertificateCheck.VALID, False)
    assert (found.key, found.issuer) == (private.public_key(), authority_der)
    assert isinstance(found.ends, date)
    assert ours(der, authority(), soon).check is CertificateCheck.UNKNOWN_ISSUER
