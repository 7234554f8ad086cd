"""Ask OutboundSync who an API key belongs to, and follow its retry guidance: one retry after a 429, no more."""

import json
import math
import os
import re
import sys
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

TIMEOUT = 15  # seconds to wait for the next sign of the server
LONGEST_WAIT = 120  # seconds worth blocking for

ADVICE = {
    401: "check the header Authorization: Bearer osapi_... and the key in OUTBOUNDSYNC_API_KEY; rotate it if needed",
    403: "an admin has to enable API access for the CRM connection in OutboundSync; rotating the key does not help",
    429: "still rate limited after one retry; try again in a minute",
}
FAILED = "OutboundSync failed; try again later, and write to service@outboundsync.com if it repeats"
CHECK = "check OUTBOUNDSYNC_BASE_URL and the network"
UNEXPECTED = f"not an answer of the OutboundSync API; {CHECK}"


class OutboundSyncError(Exception):
    """What went wrong, in one sentence without the key."""


def get_me(client: httpx.Client) -> dict[str, Any]:
    """The key's account, scopes and connections."""
    response = client.get("/api/v1/me")
    if response.status_code == 429:
        time.sleep(seconds_to_wait(response.headers))
        response = client.get("/api/v1/me")  # the one retry
    status = response.status_code
    if status != 200:
        raise OutboundSyncError(f"HTTP {status}: {ADVICE.get(status, FAILED if status >= 500 else UNEXPECTED)}.")
    try:
        body: dict[str, Any] = response.json()
        if {"account", "apiKey", "connections"} <= body.keys():
            return body
    except (ValueError, AttributeError):
        pass  # not JSON, or not an object
    raise OutboundSyncError(f"HTTP 200: {UNEXPECTED}.")


def seconds_to_wait(headers: httpx.Headers) -> float:
    """Retry-After, which is a number of seconds or an HTTP date; 60 when it is missing or unreadable."""
    value = headers.get("Retry-After", "")
    try:
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", value):
            seconds = float(value)
        else:
            now = http_date(headers["Date"]) if "Date" in headers else datetime.now(timezone.utc)
            seconds = (http_date(value) - now).total_seconds()
    except (TypeError, ValueError):
        seconds = 60.0
    if seconds > LONGEST_WAIT:
        raise OutboundSyncError(f"HTTP 429: rate limited; try again in {math.ceil(seconds)} seconds.")
    return max(1.0, seconds)


def http_date(value: str) -> datetime:
    return parsedate_to_datetime(value).replace(tzinfo=timezone.utc)  # HTTP dates are always GMT


def main() -> None:
    key = os.environ.get("OUTBOUNDSYNC_API_KEY", "").strip()
    if not re.fullmatch(r"osapi_[A-Za-z0-9._~+/=-]+", key):  # never send what may be another vendor's key
        sys.exit("OUTBOUNDSYNC_API_KEY must hold an OutboundSync API key, which starts with osapi_.")
    base_url = os.environ.get("OUTBOUNDSYNC_BASE_URL") or "https://app.outboundsync.com"
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    try:
        # httpx does not follow redirects unless told to; they could carry the key to another host.
        with httpx.Client(base_url=base_url, headers=headers, timeout=TIMEOUT) as client:
            print(json.dumps(get_me(client), indent=2))
    except OutboundSyncError as error:
        sys.exit(str(error))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The name alone: an exception's text can quote headers, and with them the key.
        sys.exit(f"OutboundSync gave no usable answer ({type(error).__name__}); {CHECK}.")


if __name__ == "__main__":
    main()
