import logging
import os
import sys

import httpx


def client():
    key = os.environ.get("KEY")
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    return httpx.Client(headers=headers, timeout=2.0)


def main(style):
    if style == "debug":
        logging.basicConfig(level=logging.DEBUG, format="%(levelname)s [%(asctime)s] %(name)s - %(message)s")
    with client() as session:
        response = session.get(os.environ["URL"])
        if style == "print":
            print(response, response.text)
        elif style == "headers":
            print(response.request.headers)
            print(response.status_code, response.headers)
            print(response.read())
        else:
            response.raise_for_status()
            print(response.json()["connections"])


main(sys.argv[1])
