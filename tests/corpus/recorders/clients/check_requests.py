import logging
import os
import sys

import requests

logging.basicConfig(level=os.environ.get("LOG", "WARNING"), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("crm_sync.outboundsync")


def headers():
    key = os.environ.get("KEY")
    return {"Authorization": f"Bearer {key}"} if key is not None else {}


def get_me():
    return requests.get(os.environ["URL"], headers=headers(), timeout=2, allow_redirects=False)


def main(style):
    if style == "raise":
        response = get_me()
        response.raise_for_status()
        print(response.json()["account"]["id"])
    elif style == "print":
        response = get_me()
        print(response.status_code, response.text)
    elif style == "headers":
        response = get_me()
        print(response.status_code)
        print(response.headers)
        print(response.json())
    elif style == "request":
        response = get_me()
        print("request headers:", response.request.headers)
        print("status:", response.status_code)
        print("response headers:", dict(response.headers))
        print("body:", response.text)
    elif style == "log":
        try:
            response = get_me()
            response.raise_for_status()
            response.json()
        except requests.RequestException as error:
            log.error("get_me failed: %s", error)
            if error.response is not None:
                log.error("response body: %r retry-after=%s", error.response.content, error.response.headers.get("Retry-After"))
    elif style == "exception":
        try:
            get_me().json()
        except Exception:
            log.exception("sync of account 500 aborted after 3 retries")


main(sys.argv[1])
