"""Two network namespaces and the two ends of a cable between them, held for the process that started this one.

Started by `unshare --user --net --mount` with the number of a socket's descriptor and a folder of files for /etc. Sends
the two ends, then, for every letter that comes, one new socket: `a` of the near side, `b` (TCP) and `u` (UDP) of the
far one. A socket stays where it was made, whoever uses it.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

NEAR, FAR = "10.99.0.1", "10.99.0.2"
"""The addresses of the two sides."""
READY = b"ready"

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET; os.setns and os.unshare came with Python 3.12
_TUN, _NO_PACKET_INFO, _SET_TUN = 0x0001, 0x1000, 0x400454CA
_SET_FLAGS, _SET_ADDRESS, _SET_NETMASK = 0x8914, 0x8916, 0x891C
_UP = 0x1 | 0x40
_LIBC = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Build both sides, hand over the cable, and serve sockets until the other process has gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for file in Path(sys.argv[2]).iterdir():
        subprocess.run(["mount", "--bind", str(file), f"/etc/{file.name}"], check=True)
    near = os.open("/proc/self/ns/net", os.O_RDONLY)
    near_end = _cable_end(NEAR)
    _check(_LIBC.unshare(_NEW_NETWORK))
    far = os.open("/proc/self/ns/net", os.O_RDONLY)
    far_end = _cable_end(FAR)
    _check(_LIBC.setns(near, _NEW_NETWORK))
    socket.send_fds(control, [READY], [near_end, far_end])
    while letter := control.recv(1):
        kind = socket.SOCK_DGRAM if letter == b"u" else socket.SOCK_STREAM
        _check(_LIBC.setns(near if letter == b"a" else far, _NEW_NETWORK))
        with socket.socket(socket.AF_INET, kind) as made:
            socket.send_fds(control, [READY], [made.fileno()])
        _check(_LIBC.setns(near, _NEW_NETWORK))


def _cable_end(address: str) -> int:
    """A TUN device of the current namespace with this address; what is sent to its network is read from it."""
    end = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(end, _SET_TUN, struct.pack("16sH22x", b"cable", _TUN | _NO_PACKET_INFO))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for device, ip, netmask in ((b"lo", "127.0.0.1", "255.0.0.0"), (b"cable", address, "255.255.255.0")):
            fcntl.ioctl(control, _SET_ADDRESS, _address_request(device, ip))
            fcntl.ioctl(control, _SET_NETMASK, _address_request(device, netmask))
            fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sH14x", device, _UP))
    return end


def _address_request(device: bytes, ip: str) -> bytes:
    """`struct ifreq` with an address."""
    return struct.pack("16sH2x4s8x", device, socket.AF_INET, socket.inet_aton(ip))


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main()
