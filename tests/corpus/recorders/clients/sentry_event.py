import json
import os
import sys

import requests
import sentry_sdk


def keep(event, hint):
    for name in ("modules", "breadcrumbs") if sys.argv[1] == "short" else ("modules",):
        event.pop(name, None)
    print(json.dumps(event, indent=2 if sys.argv[1] == "pretty" else None, default=str))
    return None


sentry_sdk.init(dsn="http://public@127.0.0.1:9/1", before_send=keep, send_default_pii=False, server_name="worker-5", release="crm-sync@4.0.3", environment="production")


def fetch_me(url):
    key = os.environ.get("KEY")
    response = requests.get(url, headers={"Authorization": f"Bearer {key}"} if key is not None else {}, timeout=2, allow_redirects=False)
    body = response.text
    retry_after = response.headers.get("Retry-After")
    response.raise_for_status()
    return response.json(), body, retry_after


try:
    fetch_me(os.environ["URL"])
except Exception:
    sentry_sdk.capture_exception()
