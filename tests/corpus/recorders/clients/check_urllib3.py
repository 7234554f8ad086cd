import os
import sys

import urllib3

key = os.environ.get("KEY")
http = urllib3.PoolManager(retries=urllib3.Retry(2, status_forcelist=[429, 500, 502, 503, 504], respect_retry_after_header=False, backoff_factor=0), timeout=1.0, ca_certs="/etc/ssl/certs/ca-certificates.crt")
response = http.request("GET", os.environ["URL"], headers={"Authorization": f"Bearer {key}"} if key is not None else {}, redirect=False)
print(response.status, response.headers, response.data)
