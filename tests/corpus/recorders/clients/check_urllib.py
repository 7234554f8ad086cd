import json
import os
import sys
import urllib.error
import urllib.request


def get_me():
    request = urllib.request.Request(os.environ["URL"])
    if "KEY" in os.environ:
        request.add_header("Authorization", "Bearer " + os.environ["KEY"])
    with urllib.request.urlopen(request, timeout=2) as response:
        return json.load(response)


if sys.argv[1] == "raise":
    print(get_me())
else:
    try:
        print(get_me())
    except urllib.error.HTTPError as error:
        print("HTTP Error:", error.code, error.reason)
        print(error.headers)
        print(error.read().decode())
    except urllib.error.URLError as error:
        print("could not reach OutboundSync:", error.reason)
