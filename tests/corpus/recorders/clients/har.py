"""Writes one exchange as the HAR that a browser's developer tools export."""
import json
import os
import time
from datetime import datetime, timezone

import requests

key = os.environ.get("KEY")
started = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
clock = time.monotonic()
headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36", "Accept": "*/*", "Accept-Encoding": "gzip, deflate, br, zstd"}
if key is not None:
    headers["Authorization"] = f"Bearer {key}"
error, status, text, reason, received, kind = None, 0, "", "", [], "x-unknown"
try:
    response = requests.get(os.environ["URL"], headers=headers, timeout=2, allow_redirects=False)
    status, text, reason = response.status_code, response.text, response.reason
    received = [{"name": n, "value": v} for n, v in response.headers.items()]
    kind = response.headers.get("content-type", "")
except requests.exceptions.SSLError:
    error = "net::ERR_CERT_AUTHORITY_INVALID"
except requests.exceptions.ConnectTimeout:
    error = "net::ERR_CONNECTION_TIMED_OUT"
except requests.exceptions.ConnectionError as e:
    error = "net::ERR_NAME_NOT_RESOLVED" if "resol" in str(e) else "net::ERR_CONNECTION_REFUSED" if "refused" in str(e) else "net::ERR_EMPTY_RESPONSE"
spent = round((time.monotonic() - clock) * 1000, 3)
answer = {"status": status, "statusText": reason, "httpVersion": "http/1.1" if status else "", "headers": received, "cookies": [],
          "content": {"size": len(text), "mimeType": kind, **({"text": text} if text else {})},
          "redirectURL": "", "headersSize": 401 if status else -1, "bodySize": len(text) if status else -1, "_transferSize": 429 if status else 0, **({"_error": error} if error else {"_error": None})}
entry = {"_initiator": {"type": "script", "stack": {"callFrames": [{"functionName": "getMe", "scriptId": "500", "url": "http://localhost:5173/src/api.js", "lineNumber": 403, "columnNumber": 27}]}},
         "_priority": "High", "_resourceType": "fetch", "connection": "502", "cache": {},
         "request": {"method": "GET", "url": os.environ["URL"], "httpVersion": "http/1.1", "headers": [{"name": n, "value": v} for n, v in headers.items()], "queryString": [], "cookies": [], "headersSize": 503, "bodySize": 0},
         "response": answer, "serverIPAddress": "203.0.113.10", "startedDateTime": started, "time": spent,
         "timings": {"blocked": 4.04, "dns": -1, "connect": -1, "ssl": -1, "send": 0.1, "wait": spent, "receive": 0.4}}
print(json.dumps({"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [], "entries": [entry]}}, indent=2))
