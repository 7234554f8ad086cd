"""Answers on stdout: whole, in order, and never in the way of anything else."""

import asyncio
import io
import os
import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from outboundsync_mcp.cli.stdio import Answers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows polls no pipes; there, a thread always writes")

SHORT = "short " * 50 + "\n"
LONG = "é" * 300_000 + "\n"
"""More than any pipe holds."""


@contextmanager
def pipe() -> Generator[tuple[int, int]]:
    """Reading and writing end."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What is to happen, one after the other, whenever a thread is asked to write; one is used up each time."""
    expected: list[Callable[[], object]] = []

    async def run_sync(function: Callable[[bytes], None], data: bytes) -> None:
        expected.pop(0)()
        await asyncio.to_thread(function, data)

    monkeypatch.setattr("anyio.to_thread.run_sync", run_sync)
    return expected


@pytest.mark.parametrize("blocking", [True, False])
def test_messages_of_any_length_arrive_whole_and_in_order(blocking: bool) -> None:
    with pipe() as (reading, writing):
        os.set_blocking(writing, blocking)
        answers = Answers(io.FileIO(writing, "w", closefd=False))
        read = bytearray()
        wanted = (SHORT + LONG) * 3

        def read_all() -> None:
            while len(read) < len(wanted.encode()):
                read.extend(os.read(reading, 65536))

        reader = threading.Thread(target=read_all)
        reader.start()

        async def write() -> None:
            for message in (SHORT, LONG) * 3:
                await answers.write(message)
                await answers.flush()

        asyncio.run(write())
        reader.join()
    assert read.decode() == wanted


def test_a_pipe_with_room_takes_a_short_message_without_a_thread(threads: list[Callable[[], object]]) -> None:
    with pipe() as (reading, writing):
        asyncio.run(Answers(io.FileIO(writing, "w", closefd=False)).write(SHORT))
        assert os.read(reading, 65536).decode() == SHORT
    assert threads == []


def test_a_full_pipe_is_left_to_a_thread(threads: list[Callable[[], object]]) -> None:
    with pipe() as (reading, writing):
        os.set_blocking(writing, False)
        filling = os.write(writing, bytes(1 << 20))
        threads.append(lambda: os.read(reading, filling))
        asyncio.run(Answers(io.FileIO(writing, "w", closefd=False)).write(SHORT))
        assert os.read(reading, 65536).decode() == SHORT
    assert threads == []


def test_a_socket_is_left_to_a_thread(threads: list[Callable[[], object]]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        threads.append(lambda: None)
        asyncio.run(Answers(io.FileIO(ours.fileno(), "w", closefd=False)).write(SHORT))
        assert theirs.recv(65536).decode() == SHORT
    assert threads == []


def test_a_client_that_has_gone_is_an_os_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with pytest.raises(BrokenPipeError):
            asyncio.run(Answers(io.FileIO(writing, "w", closefd=False)).write(SHORT))
    finally:
        os.close(writing)
