import os
import sys

import requests
import structlog

key = os.environ.get("KEY")
if sys.argv[1] == "json":
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()])
elif sys.argv[1] == "console":
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)])
else:
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])])
log = structlog.get_logger().bind(job_id=500, worker="sync-3", attempt=2)
log.info("sync.start", batch=429, rows=401)
try:
    response = requests.get(os.environ["URL"], headers={"Authorization": f"Bearer {key}"} if key is not None else {}, timeout=2, allow_redirects=False)
    log.warning("outboundsync.response", status=response.status_code, retry_after=response.headers.get("Retry-After"), body=response.text[:300], duration_ms=503)
    response.raise_for_status()
    response.json()
except requests.RequestException:
    if sys.argv[1] != "kv":
        log.exception("outboundsync.failed")
