import os
import sys

import httpx
from loguru import logger

logger.remove()
if sys.argv[1] == "serialize":
    logger.add(sys.stderr, serialize=True)
else:
    logger.add(sys.stderr, colorize=sys.argv[1] == "colour", diagnose=True, backtrace=False)


@logger.catch
def sync_account(account_id):
    key = os.environ.get("KEY")
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    logger.info("checking OutboundSync access for account {}", account_id)
    response = httpx.get(os.environ["URL"], headers=headers, timeout=2)
    logger.warning("GET /api/v1/me -> {} {}", response.status_code, response.text[:200])
    response.raise_for_status()
    return response.json()


sync_account(404)
