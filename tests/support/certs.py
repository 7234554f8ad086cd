"""Certificates for TLS tests, made on the spot: one authority and one leaf per thing that can be wrong."""

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Kind = Literal["good", "expired", "not_yet_valid", "wrong_host", "self_signed", "inspected"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Leaf:
    issuer: Literal["authority", "inspection", "itself"] = "authority"
    names: tuple[str, ...] = _LOOPBACK
    valid_from: dt.timedelta = -2 * _DAY
    valid_to: dt.timedelta = 30 * _DAY


_LEAVES: dict[Kind, _Leaf] = {
    "good": _Leaf(),
    "expired": _Leaf(valid_from=-30 * _DAY, valid_to=-_DAY),
    "not_yet_valid": _Leaf(valid_from=_DAY),
    "wrong_host": _Leaf(names=("other.example",)),
    "self_signed": _Leaf(issuer="itself"),
    "inspected": _Leaf(issuer="inspection"),
}


@dataclass(frozen=True, slots=True)
class _Identity:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Certificates:
    """An authority in `directory`, and server contexts whose leaf is right or wrong in one way.

    `ca_file` is the authority's PEM: what `SSL_CERT_FILE` or a client context must trust for `good` to pass.
    `inspected` comes from an authority that nobody trusts, as a company's TLS inspection does.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._issuers = {
            "authority": _authority("OutboundSync test authority"),
            "inspection": _authority("Example Corp TLS Inspection"),
        }
        self.ca_file = directory / "ca.pem"
        self.ca_file.write_bytes(_pem(self._issuers["authority"].certificate))

    def server(self, kind: Kind = "good") -> ssl.SSLContext:
        """A server-side context that presents the leaf of that kind."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.leaf_file(kind))
        return context

    def client(self) -> ssl.SSLContext:
        """A verifying client-side context that trusts the authority alone."""
        return ssl.create_default_context(cafile=self.ca_file)

    def leaf_file(self, kind: Kind = "good") -> Path:
        """PEM of the leaf's key and certificate."""
        path = self._directory / f"{kind}.pem"
        if not path.exists():
            row = _LEAVES[kind]
            leaf = _leaf(row, self._issuers.get(row.issuer))
            path.write_bytes(_key_pem(leaf.key) + _pem(leaf.certificate))
        return path


def _authority(name: str) -> _Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        _builder(subject, subject, key.public_key(), -60 * _DAY, 60 * _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _Identity(builder.sign(key, hashes.SHA256()), key)


def _leaf(row: _Leaf, issuer: _Identity | None) -> _Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, row.names[0])])
    signer = issuer.key if issuer else key
    builder = (
        _builder(
            subject,
            issuer.certificate.subject if issuer else subject,
            key.public_key(),
            row.valid_from,
            row.valid_to,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(n) for n in row.names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        # Python 3.13 verifies strictly: a chain without this is refused for the wrong reason.
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    return _Identity(builder.sign(signer, hashes.SHA256()), key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    valid_from: dt.timedelta,
    valid_to: dt.timedelta,
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)  # OpenSSL judges by the machine's clock, so no fixed dates
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + valid_from)
        .not_valid_after(now + valid_to)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
