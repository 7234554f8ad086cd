"""Nothing of a key reaches stderr, however the process ends."""

import subprocess
import sys

from tests.support.stdio import environment

KEY = "osapi_Zk4vQ9TnB7xLw2HsRd8uYc5M"
SECRET = KEY.removeprefix("osapi_")

CRASHES = """
import asyncio, logging, os, threading, warnings
from outboundsync_mcp.cli.logs import log_to_stderr
from outboundsync_mcp.settings import Settings

secret = os.environ["OUTBOUNDSYNC_API_KEY"].removeprefix("osapi_")
log_to_stderr(Settings.from_env())
log = logging.getLogger("canary")
log.debug("plain %s in part %s", secret, secret[5:12])
try:
    raise LookupError(secret)
except LookupError:
    log.exception("with a traceback")
log.error("%d", secret)
logging.getLogger("httpx").info("a request with %s", secret)
warnings.warn(secret)

class Thread(Exception): pass
class Unraisable(Exception): pass
class Forgotten(Exception): pass
class Crash(Exception): pass

def fail(): raise Thread(secret)
thread = threading.Thread(target=fail)
thread.start()
thread.join()

class Grave:
    def __del__(self): raise Unraisable(secret)
Grave()

async def forget():
    async def fail(): raise Forgotten(secret)
    task = asyncio.ensure_future(fail())
    await asyncio.sleep(0)
    del task
asyncio.run(forget())
raise Crash({secret: [secret]})
"""


def test_no_part_of_the_key_survives_in_logs_warnings_and_crashes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASHES],
        env=environment(OUTBOUNDSYNC_API_KEY=KEY, OUTBOUNDSYNC_LOG_LEVEL="DEBUG"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    told = (
        "DEBUG canary: plain",
        "LookupError",
        "ERROR log record",
        "UserWarning",
        "Thread",
        "Unraisable",
        "Forgotten",
    )
    for word in (*told, "Crash"):
        assert word in done.stderr, done.stderr
    assert "a request with" not in done.stderr
    assert not [SECRET[at : at + 6] for at in range(len(SECRET) - 5) if SECRET[at : at + 6] in done.stderr]


def test_a_key_of_no_documented_form_is_hidden_as_well() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import os;" + CRASHES.split("class Thread", maxsplit=1)[0]],
        env=environment(OUTBOUNDSYNC_API_KEY="correct horse battery", OUTBOUNDSYNC_LOG_LEVEL="INFO"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert "LookupError" in done.stderr
    assert "horse" not in done.stderr
