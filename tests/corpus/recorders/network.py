"""A private network namespace in which app.outboundsync.com is this machine: addresses, names, trust, proxies."""

import datetime as dt
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

API = "app.outboundsync.com"
GOOD = "203.0.113.10"
ADDRESSES = {
    "tls_expired": "203.0.113.11",
    "tls_self_signed": "203.0.113.12",
    "tls_wrong_host": "203.0.113.13",
    "tls_plaintext": "203.0.113.14",
    "tls_handshake": "203.0.113.15",
    "tls_not_yet": "203.0.113.16",
    "tls_unknown_ca": "203.0.113.17",
    "refused": "203.0.113.18",
    "connect_timeout": "203.0.113.19",
    "reset_at_once": "203.0.113.20",
}
"""Scenario to the documentation address (RFC 5737) where it lives; the others share GOOD."""


class Network:
    """Set up once per recording; everything vanishes with the namespace."""

    def __init__(self, app: Path, clients: Path, home: Path) -> None:
        self._run("ip link set lo up")
        for last in (10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 30):
            self._run(f"ip addr add 203.0.113.{last}/32 dev lo")
        # An address of ours where nobody listens answers with a reset: "connection refused".
        self._run("ip addr add 203.0.113.18/32 dev lo")
        self._run("hostname devbox")
        self._run("mount --make-rprivate / && mount -t tmpfs tmpfs /dev/shm")
        self._private = Path(tempfile.mkdtemp())
        self.certs = self._private
        self._servers: list[subprocess.Popen[bytes]] = []
        self._homes(app, clients, home)
        for name in ("hosts", "resolv.conf", "hostname"):
            (self._private / name).write_text("devbox\n" if name == "hostname" else "nameserver 127.0.0.53\n")
            self._run(f"mount --bind {self._private / name} /etc/{name}")
        make_certificates(self._private, [API])
        self._trust()
        self._serve_names()

    @property
    def trust(self) -> dict[str, str]:
        """Environment that makes clients with a bundle of their own trust our authority."""
        return {"NODE_EXTRA_CA_CERTS": "/etc/ssl/certs/ca-certificates.crt"}

    def point_at(self, address: str, scenario: str) -> None:
        """Let the API's name resolve to that address, or not at all."""
        hosts = "127.0.0.1 localhost\n127.0.1.1 devbox\n127.0.0.1 proxy.corp.example\n"
        if scenario not in {"dns", "dns_again"}:
            hosts += f"{address} {API}\n"
        self._rcode = 2 if scenario == "dns_again" else 3
        (self._private / "hosts").write_text(hosts)

    def start(self, command: list[str], cwd: Path = Path("/"), env: dict[str, str] | None = None) -> None:
        """Run a server until `stop`."""
        silent = subprocess.DEVNULL
        self._servers.append(subprocess.Popen(command, cwd=cwd, env=env, stdout=silent, stderr=silent))

    def stop(self) -> None:
        """End the servers."""
        for server in self._servers:
            server.kill()

    def start_proxies(self) -> None:
        """tinyproxy on 8888 wants a password; squid on 3128 allows nothing but another port."""
        tiny = self._private / "tinyproxy.conf"
        tiny.write_text("Port 8888\nListen 127.0.0.1\nTimeout 20\nBasicAuth alice s3cretproxy\nLogLevel Critical\n")
        self.start(["tinyproxy", "-d", "-c", str(tiny)])
        squid = self._private / "squid.conf"
        squid.write_text(
            "http_port 127.0.0.1:3128\nhttp_access deny all\ncache deny all\ncache_log /dev/null\naccess_log none\n"
            "visible_hostname proxy.corp.example\npid_filename none\ncoredump_dir /var/spool/squid\n"
            "cache_effective_user proxy\nshutdown_lifetime 0\n"
        )
        self.start(["squid", "-N", "-f", str(squid)])
        time.sleep(1.5)

    def _homes(self, app: Path, clients: Path, home: Path) -> None:
        """Mount the clients where their tracebacks may say so."""
        self._run("mount -t tmpfs tmpfs /home")
        home.mkdir(parents=True)
        for source in clients.iterdir():
            shutil.copy(source, home)
        for name in ("node_modules", ".venv"):
            (home / name).mkdir()
            self._run(f"mount --bind {app / name} {home / name}")

    def _trust(self) -> None:
        bundle = self._private / "bundle.crt"
        bundle.write_bytes((self._private / "ca.pem").read_bytes())
        self._run(f"mount --bind {bundle} /etc/ssl/certs/ca-certificates.crt")
        for certifi in Path("/home/dev/app/.venv/lib").glob("python*/site-packages/certifi/cacert.pem"):
            self._run(f"mount --bind {bundle} {certifi}")
        store = self._private / "cacerts.jks"
        self._run(
            f"keytool -importcert -noprompt -trustcacerts -alias ours -file {self._private / 'ca.pem'} "
            f"-keystore {store} -storetype JKS -storepass changeit"
        )
        cacerts = subprocess.run(
            ["bash", "-c", "readlink -f $(dirname $(dirname $(readlink -f $(which java))))/lib/security/cacerts"],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        self._run(f"mount --bind {store} {cacerts}")

    def _serve_names(self) -> None:
        """Answer every query of the resolver with NXDOMAIN or SERVFAIL: names that exist are in /etc/hosts."""
        self._rcode = 3
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.53", 53))

        def serve() -> None:
            while True:
                query, peer = server.recvfrom(4096)
                flags = struct.pack(">H", 0x8180 | self._rcode)
                server.sendto(query[:2] + flags + query[4:6] + b"\0\0\0\0\0\0" + _question(query), peer)

        threading.Thread(target=serve, daemon=True).start()

    def _run(self, command: str) -> None:
        subprocess.run(command, shell=True, check=True, capture_output=True)


def _question(query: bytes) -> bytes:
    end = 12
    while query[end]:
        end += 1 + query[end]
    return query[12 : end + 5]


def make_certificates(directory: Path, names: list[str]) -> None:
    """Write NAME.pem and NAME.key for everything that can be wrong with a certificate, and ca.pem."""
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    ca_key, other_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("R11", "R11", (ca_key, ca_key), (now - 9 * day, now + 900 * day), [])
    inspection = "Corp TLS Inspection CA"
    (directory / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    for name, issuer, key, hosts, start, end in (
        ("good", "R11", ca_key, names, -3, 80),
        ("expired", "R11", ca_key, names, -93, -2),
        ("wrong_host", "R11", ca_key, ["parking.hosting.example", "www.parking.hosting.example"], -3, 80),
        ("not_yet", "R11", ca_key, names, 3, 90),
        ("unknown_ca", inspection, other_key, names, -3, 80),
        ("self_signed", names[0], None, names, -3, 80),
    ):
        leaf_key = ec.generate_private_key(ec.SECP256R1())
        leaf = _certificate(hosts[0], issuer, (leaf_key, key or leaf_key), (now + start * day, now + end * day), hosts)
        (directory / f"{name}.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        (directory / f"{name}.key").write_bytes(
            leaf_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def _certificate(
    subject: str,
    issuer: str,
    keys: tuple[ec.EllipticCurvePrivateKey, ec.EllipticCurvePrivateKey],
    valid: tuple[dt.datetime, dt.datetime],
    hosts: list[str],
) -> x509.Certificate:
    """Certify the first key with the second; without hosts it is an authority's own certificate."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(keys[0].public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(keys[1], hashes.SHA256())
