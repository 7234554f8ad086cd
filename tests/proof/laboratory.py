"""A network of our own: two namespaces, a cable between them whose weather a test makes, and a resolver."""

import heapq
import os
import random
import selectors
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.proof import namespaces
from tests.proof.namespaces import FAR, READY

FAR_HOST = "other.example"
"""A name of the far side, in the near side's /etc/hosts; the certificate that is called `wrong_host` is for it."""
START_SECONDS = 30.0
PACKET = 65_536
_ETC = {
    "hosts": "",
    "resolv.conf": f"nameserver {FAR}\n",
    "nsswitch.conf": "hosts: files dns\n",
}


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens to packets: `delay` in seconds of those to the near side, `loss` from 0 to 1 in both directions."""

    delay: float = 0.0
    loss: float = 0.0


CLEAR = Weather()
BLACK_HOLE = Weather(loss=1.0)


class Cable:
    """Carries packets between two TUN devices, in a thread of its own."""

    def __init__(self, near: int, far: int) -> None:
        self._ends = {near: far, far: near}
        self._near = near
        self._weather = CLEAR
        self._chance = random.Random(0)
        self._under_way: list[tuple[float, int, int, bytes]] = []
        self._waker, self._wakee = socket.socketpair()
        self._thread = threading.Thread(target=self._carry, name="cable")
        self._thread.start()

    def set(self, weather: Weather) -> None:
        """Change the weather; what gets lost is the same in every run."""
        self._chance = random.Random(0)
        self._weather = weather

    def close(self) -> None:
        """End the thread and close the devices."""
        self._waker.send(b"x")
        self._thread.join()
        for end in (self._waker, self._wakee):
            end.close()
        for device in self._ends:
            os.close(device)

    def _carry(self) -> None:
        count = 0
        with selectors.DefaultSelector() as selector:
            for end in (*self._ends, self._wakee):
                selector.register(end, selectors.EVENT_READ)
            while True:
                pause = max(0.0, self._under_way[0][0] - time.monotonic()) if self._under_way else None
                for key, _ in selector.select(pause):
                    if key.fileobj is self._wakee:
                        return
                    packet = os.read(key.fd, PACKET)
                    if self._chance.random() >= self._weather.loss:
                        count += 1
                        arrival = time.monotonic() + (self._weather.delay if key.fd != self._near else 0)
                        heapq.heappush(self._under_way, (arrival, count, self._ends[key.fd], packet))
                while self._under_way and self._under_way[0][0] <= time.monotonic():
                    _, _, end, packet = heapq.heappop(self._under_way)
                    os.write(end, packet)


@dataclass(frozen=True, slots=True)
class Laboratory:
    """`enter` is what a command begins with to run on the near side."""

    enter: tuple[str, ...]
    cable: Cable
    _control: socket.socket
    _hosts: Path

    def listener(self, port: int) -> socket.socket:
        """A TCP socket that listens on the far side."""
        listener = self._socket(b"b")
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((FAR, port))
        listener.listen()
        return listener

    def connected(self, port: int) -> socket.socket:
        """A TCP connection to loopback of the near side."""
        connection = self._socket(b"a")
        try:
            connection.connect(("127.0.0.1", port))
        except OSError:
            connection.close()
            raise
        return connection

    def name(self, address: str | None) -> None:
        """Give the far host this address on the near side, or leave it to the name server."""
        named = f"{address} {FAR_HOST}\n" if address else ""
        self._hosts.write_text(f"127.0.0.1 localhost\n{named}", encoding="utf-8")

    @contextmanager
    def resolver(self, code: int | None) -> Generator[None]:
        """A name server on the far side that answers every question with this RCODE (RFC 1035 §4.1.1), or never."""
        with self._socket(b"u") as server:
            server.bind((FAR, 53))
            stop = threading.Event()

            def serve() -> None:
                while not stop.is_set():
                    question, asker = server.recvfrom(PACKET)
                    if code is not None and not stop.is_set():
                        # The question as it came, but for the flags: a response, recursion available, and the code.
                        server.sendto(question[:2] + bytes([0x81, 0x80 | code]) + question[4:], asker)

            thread = threading.Thread(target=serve, name="resolver")
            thread.start()
            try:
                yield
            finally:
                stop.set()
                with self._socket(b"u") as last:
                    last.sendto(b"stop", (FAR, 53))
                thread.join()

    def _socket(self, letter: bytes) -> socket.socket:
        self._control.send(letter)
        _, (descriptor,), _, _ = socket.recv_fds(self._control, len(READY), 1)
        return socket.socket(fileno=descriptor)


@contextmanager
def laboratory(folder: Path) -> Generator[Laboratory]:
    """Both namespaces, or a skip with the kernel's own words where it refuses them to this user."""
    if sys.platform != "linux":
        pytest.skip("network namespaces are Linux's own")
    etc = folder / "etc"
    etc.mkdir()
    for name, text in _ETC.items():
        if Path("/etc", name).exists():
            (etc / name).write_text(text, encoding="utf-8")
    unshare = shutil.which("unshare")
    assert unshare, "unshare is missing: install util-linux"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(START_SECONDS)
    command = [unshare, "--map-root-user", "--net", "--mount", sys.executable, namespaces.__file__]
    with (
        ours,
        subprocess.Popen(
            [*command, str(theirs.fileno()), str(etc)], pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True
        ) as holder,
    ):
        theirs.close()
        said, ends, _, _ = socket.recv_fds(ours, len(READY), 2)
        if said != READY:
            assert holder.stderr is not None
            pytest.skip(f"no network namespaces here: {holder.stderr.read().strip().splitlines()[-1]}")
        cable = Cable(*ends)
        enter = ("nsenter", f"--target={holder.pid}", "--user", "--net", "--mount", "--preserve-credentials", "--")
        try:
            yield Laboratory(enter, cable, ours, etc / "hosts")
        finally:
            cable.close()
            ours.shutdown(socket.SHUT_RDWR)  # the holder's loop ends, and the namespaces with it
