"""`outboundsync-mcp doctor`: settings, key, DNS, TCP, TLS, HTTP and /me, one after the other, each with its remedy.

A stage is skipped only when what it needs was found broken; a stage that crashes hides no other. At most one API
request is sent, by the same client that serves `get_me`.
"""

import asyncio
import re
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast
from urllib.parse import urlsplit

from outboundsync_mcp.api.client import Exchange, OutboundSyncClient
from outboundsync_mcp.api.clock import Clock, SystemClock
from outboundsync_mcp.api.credentials import load_credential
from outboundsync_mcp.api.failures import classify
from outboundsync_mcp.api.proxy import Proxy, UnusableProxyError, proxy_for
from outboundsync_mcp.cli.screen import Screen
from outboundsync_mcp.diagnosis.clean import clean
from outboundsync_mcp.diagnosis.diagnose import diagnose
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from outboundsync_mcp.diagnosis.evidence import Evidence, Failure, Intermediary
from outboundsync_mcp.settings import BASE_URL, Settings

if TYPE_CHECKING:
    import httpx

Status = Literal["ok", "failed", "skipped"]
T = TypeVar("T")

# The advice to run this command: a step of its own, or a part of one.
_DOCTOR_STEP = "Run `outboundsync-mcp doctor`"
_DOCTOR_CLAUSE = re.compile(r"(?: or|; run) `outboundsync-mcp doctor`(?: to [^.;]+)?")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a stage found. `evidence` is what a failure's remedy is diagnosed from."""

    status: Status
    detail: str
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One line of the report; `seconds` is how long the stage took."""

    name: str
    status: Status
    detail: str
    seconds: float
    remediation: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Report:
    """Every stage, and the diagnosis of the first failure, else of the success."""

    stages: list[Stage]
    diagnosis: Diagnosis | None

    @property
    def ok(self) -> bool:
        """Whether no stage failed."""
        return all(stage.status != "failed" for stage in self.stages)

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        diagnosis = None if self.diagnosis is None else self.diagnosis.model_dump(mode="json")
        return {"ok": self.ok, "stages": [asdict(stage) for stage in self.stages], "diagnosis": diagnosis}


def run(*, as_json: bool) -> int:
    """Examine this process's configuration and print the report; returns the exit status."""
    screen = Screen()
    doctor = Doctor(Settings.from_env())
    if as_json:
        report = asyncio.run(doctor.examine(_ignore))
        screen.json(report.as_json())
        return 0 if report.ok else 1

    async def examine() -> Report:
        return await doctor.examine(lambda stage: _show(screen, stage))

    with screen.busy("Checking …"):
        report = asyncio.run(examine())
    failed = [stage.name for stage in report.stages if stage.status == "failed"]
    screen.say()
    first = " Mend the first one first." if len(failed) > 1 else ""
    screen.say(f"Failed: {', '.join(failed)}.{first}" if failed else "Everything works.", "bold")
    return 0 if report.ok else 1


def _ignore(_: Stage) -> None:
    return


_MARKS: dict[Status, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "failed": ("FAILED", "bold red"),
    "skipped": ("skipped", "dim"),
}


def _show(screen: Screen, stage: Stage) -> None:
    mark, style = _MARKS[stage.status]
    # No space before the unit: rich breaks lines even at a no-break space.
    took = f" ({stage.seconds:.2f}s)" if stage.seconds >= 0.01 else ""
    screen.say(f"{stage.detail}{took}", style, first=f"{mark:<8} {stage.name:<9} ")
    for number, step in enumerate(stage.remediation, 1):
        screen.say(step, first=f"{'':<18} {number}. ")


class Doctor:
    """Examines one configuration. `clock` and `transport` are the client's; DNS, TCP and TLS are always real."""

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, transport: "httpx.AsyncBaseTransport | None" = None
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._transport = transport
        url = urlsplit(settings.base_url)
        self._scheme = url.scheme
        self._host = url.hostname or ""
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._proxy: Proxy | None = None
        self._proxy_fault: str | None = None
        try:
            self._proxy = proxy_for(settings.base_url)
        except UnusableProxyError as error:
            self._proxy_fault = str(error)
        self._addresses: list[str] = []
        self._exchange: Exchange | None = None
        self._broken: list[str] = []

    async def examine(self, show: Callable[[Stage], None]) -> Report:
        """Run every stage in order, `show` each as it ends. Raises nothing but CancelledError."""
        stages: list[Stage] = []
        diagnosis: Diagnosis | None = None
        for name, needs, check in self._plan():
            began = self._clock.monotonic()
            finding = await self._find(name, needs, check)
            found = self._diagnose(finding)
            diagnosis = diagnosis or found
            if finding.status == "failed" and found is not None:
                self._broken.append(name)
            remediation = list(found.remediation) if found and finding.status == "failed" else []
            if finding.status == "failed" and not remediation:
                remediation = ["Report this to the makers of outboundsync-mcp: the check itself does not work."]
            stage = Stage(
                name=name,
                status=finding.status,
                detail=clean(finding.detail, 1000),
                seconds=round(self._clock.monotonic() - began, 3),
                remediation=remediation,
            )
            stages.append(stage)
            show(stage)
        if diagnosis is None and self._exchange is not None:
            diagnosis = diagnose(self._exchange.evidence, now=self._clock.now())
        return Report(stages, diagnosis)

    def _plan(self) -> list[tuple[str, tuple[str, ...], Callable[[], Awaitable[Finding]]]]:
        """Each stage, the stages that it cannot do without, and its check."""
        # A faulty base URL is replaced by the default, and testing the way to that would mislead.
        route = ("settings",) if any(fault.startswith(BASE_URL) for fault in self._settings.faults) else ()
        return [
            ("settings", (), self._check_settings),
            ("key", (), self._check_key),
            ("DNS", route, self._check_dns),
            ("TCP", (*route, "DNS"), self._check_tcp),
            ("TLS", (*route, "DNS", "TCP"), self._check_tls),
            ("HTTP", ("settings", "key", "DNS", "TCP", "TLS"), self._check_http),
            ("/me", ("settings", "key", "DNS", "TCP", "TLS", "HTTP"), self._check_me),
        ]

    async def _find(self, name: str, needs: Sequence[str], check: Callable[[], Awaitable[Finding]]) -> Finding:
        missing = [need for need in needs if need in self._broken]
        if missing:
            return Finding("skipped", f"because {missing[0]} failed")
        try:
            return await check()
        except Exception as error:  # noqa: BLE001 - a crashing stage never hides the others
            return Finding("failed", f"the {name} check itself crashed with {type(error).__name__}")

    def _diagnose(self, finding: Finding) -> Diagnosis | None:
        """What a failure means and takes, except the advice to run the doctor."""
        if finding.evidence is None:
            return None
        found = diagnose(finding.evidence, now=self._clock.now())
        steps = [_DOCTOR_CLAUSE.sub("", step) for step in found.remediation if not step.startswith(_DOCTOR_STEP)]
        return found.model_copy(update={"remediation": steps})

    # The stages

    async def _check_settings(self) -> Finding:
        settings = self._settings
        if settings.faults:
            evidence = Evidence(source="live", setting_faults=settings.faults, host=self._host)
            return Finding("failed", " ".join((*settings.faults, *settings.unread_note)), evidence)
        values = (
            f"API {settings.base_url}, time-out {settings.timeout_seconds:g} s, "
            f"longest wait {settings.max_wait_seconds} s, log level {settings.log_level}"
        )
        return Finding("ok", ". ".join((values, *settings.unread_note)))

    async def _check_key(self) -> Finding:
        credential = load_credential(self._settings)
        if credential.key is not None:
            notes = "".join(f"; {note}" for note in credential.notes)
            return Finding("ok", f"{credential.source} holds a key of the documented form{notes}")
        # The client refuses such a key before it sends anything; its evidence is what get_me would answer with.
        exchange = await self._client(replace(self._settings, faults=())).get_me(0)
        return Finding("failed", credential.detail or "there is no usable key", exchange.evidence)

    async def _check_dns(self) -> Finding:
        if fault := self._proxy_fault:
            evidence = Evidence(source="live", failure=Failure.PROXY, failure_detail=fault, host=self._host)
            return Finding("failed", f"the environment's proxy cannot be used: {fault}", evidence)
        host, port = self._target
        try:
            found = await asyncio.wait_for(
                _in_daemon_thread(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)),
                self._settings.timeout_seconds,
            )
        except TimeoutError:
            return self._unreachable(Failure.DNS, f"no answer within {self._settings.timeout_seconds:g} s")
        except (OSError, UnicodeError) as error:
            return self._unreachable(Failure.DNS, _words(error))
        self._addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if self._addresses == [host]:
            return Finding("ok", f"{self._via}{host} is an address: there is nothing to look up")
        more = f" and {len(self._addresses) - 1} more" if len(self._addresses) > 1 else ""
        return Finding("ok", f"{self._via}{host} is {self._addresses[0]}{more}")

    async def _check_tcp(self) -> Finding:
        began = self._clock.monotonic()
        error: Exception = OSError("no address to connect to")
        for address in self._addresses or [self._target[0]]:
            left = self._settings.timeout_seconds - (self._clock.monotonic() - began)
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(address, self._target[1]), left)
            except TimeoutError as timeout:
                error = timeout
            except OSError as refused:
                error = refused
            else:
                writer.close()
                self._addresses = [address]
                return Finding("ok", f"{self._via}connected to {address} port {self._target[1]}")
        if isinstance(error, TimeoutError):
            seconds = f"{self._settings.timeout_seconds:g} s"
            return self._unreachable(Failure.CONNECT_TIMEOUT, f"no TCP connection after {seconds}")
        found = classify(error)
        return self._unreachable(found.failure, found.detail)

    async def _check_tls(self) -> Finding:
        if self._scheme == "http":
            return Finding("skipped", f"because {self._settings.base_url} is plain HTTP, on this machine alone")
        if self._proxy:
            return Finding("skipped", "because it takes place inside the proxy's tunnel: see HTTP")
        import truststore

        address = self._addresses[0] if self._addresses else self._host
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            _, writer = await asyncio.wait_for(
                asyncio.open_connection(address, self._port, ssl=context, server_hostname=self._host),
                self._settings.timeout_seconds,
            )
        except TimeoutError:
            seconds = f"{self._settings.timeout_seconds:g} s"
            return self._unreachable(Failure.CONNECT_TIMEOUT, f"no TLS handshake after {seconds}")
        except OSError as error:
            found = classify(error)
            refused = isinstance(error, ssl.SSLCertVerificationError)
            return self._unreachable(found.failure, found.detail, await self._presented() if refused else "")
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        detail = f"{tls.version()}, the certificate is valid for {self._host}{_issued(tls)}"
        writer.close()
        return Finding("ok", detail)

    async def _presented(self) -> str:
        """What the refused certificate says of itself. Nothing is sent to whoever presents it."""
        from cryptography import x509

        peer, seconds = (self._host, self._port), self._settings.timeout_seconds
        try:
            pem = await asyncio.wait_for(
                _in_daemon_thread(lambda: ssl.get_server_certificate(peer, timeout=seconds)), seconds
            )
            certificate = x509.load_pem_x509_certificate(pem.encode())
            subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
        except (OSError, ValueError):
            return ""
        first, last = certificate.not_valid_before_utc.date(), certificate.not_valid_after_utc.date()
        return f"; presented: {subject or 'no subject'}, issued by {issuer}, valid from {first} to {last}"

    async def _check_http(self) -> Finding:
        """The one request. Reads how it travelled; what it said is for the next stage."""
        client = self._client(self._settings)
        try:
            self._exchange = exchange = await client.get_me(0)
        finally:
            await client.aclose()
        evidence = exchange.evidence
        if evidence.status is None or evidence.failure is not None:
            return Finding("failed", evidence.failure_detail or "no HTTP response", evidence)
        if evidence.intermediary not in {None, Intermediary.GATEWAY}:
            return Finding("failed", f"HTTP {evidence.status}, but not from the API", evidence)
        return Finding("ok", f"{self._via}GET {self._settings.base_url}/api/v1/me answered HTTP {evidence.status}")

    async def _check_me(self) -> Finding:
        if self._exchange is None:
            return Finding("skipped", "because HTTP brought no answer")
        evidence = self._exchange.evidence
        diagnosis = diagnose(evidence, now=self._clock.now())
        if not diagnosis.ok:
            return Finding("failed", f"{diagnosis.meaning}: {diagnosis.cause}", evidence)
        connections = "1 connection" if evidence.connections == 1 else f"{evidence.connections} connections"
        return Finding("ok", f"the key works and sees {connections} with API access", evidence)

    # What they share

    def _client(self, settings: Settings) -> OutboundSyncClient:
        return OutboundSyncClient(settings, clock=self._clock, transport=self._transport)

    @property
    def _target(self) -> tuple[str, int]:
        """Host and port that this machine connects to: the proxy, where there is one."""
        return (self._proxy.host, self._proxy.port) if self._proxy else (self._host, self._port)

    @property
    def _via(self) -> str:
        return "through the environment's proxy: " if self._proxy else ""

    def _unreachable(self, failure: Failure, words: str, more: str = "") -> Finding:
        host, port = self._target
        if self._proxy:
            failure = Failure.PROXY
            words = f"the environment's proxy, {host} port {port}: {words}"
        return Finding(
            "failed",
            (words if self._proxy else f"{host} port {port}: {words}") + more,
            Evidence(
                source="live",
                failure=failure,
                failure_detail=words,
                host=self._host,
                api_host=True,
                timeout_seconds=self._settings.timeout_seconds,
            ),
        )


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "the name is not valid"


def _issued(tls: ssl.SSLObject) -> str:
    """Who vouches for the peer, and until when: a company's own name gives TLS inspection away."""
    certificate = cast("Mapping[str, Any]", tls.getpeercert() or {})
    issuer: dict[str, str] = dict(pair for names in certificate.get("issuer", ()) for pair in names)
    name = issuer.get("organizationName") or issuer.get("commonName")
    until = certificate.get("notAfter")
    return (f", issued by {name}" if name else "") + (f", until {until}" if until else "")


async def _in_daemon_thread(function: Callable[[], T]) -> T:
    """The function's outcome. A look-up or connection that never ends must not keep the process from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def finish(outcome: T | None, error: Exception | None) -> None:
        if not future.done():
            future.set_exception(error) if error else future.set_result(outcome)  # type: ignore[arg-type]

    def work() -> None:
        outcome, error = None, None
        try:
            outcome = function()
        except Exception as caught:  # noqa: BLE001 - handed to whoever waits
            error = caught
        try:
            loop.call_soon_threadsafe(finish, outcome, error)
        except RuntimeError:  # the loop has ended meanwhile
            return

    threading.Thread(target=work, daemon=True, name="outboundsync-doctor").start()
    return await future
