import os
import sys

import requests
from opentelemetry import trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "crm-sync", "service.version": "5.0.2"}))
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stdout)))
trace.set_tracer_provider(provider)
RequestsInstrumentor().instrument()
key = os.environ.get("KEY")
headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
if sys.argv[1] == "parent":
    with trace.get_tracer("sync").start_as_current_span("sync account 404") as span:
        span.set_attribute("batch.size", 500)
        response = requests.get(os.environ["URL"], headers=headers, timeout=2, allow_redirects=False)
        span.set_attribute("outboundsync.body", response.text[:200])
        if "Retry-After" in response.headers:
            span.set_attribute("http.response.header.retry-after", [response.headers["Retry-After"]])
        response.raise_for_status()
else:
    requests.get(os.environ["URL"], headers=headers, timeout=2, allow_redirects=False)
