"""What operators read: structured logs and traces. Never the text of users or documents."""

import json
import logging
import sys
from datetime import UTC, datetime

from opentelemetry import trace


def log_to_stderr(*, debug: bool) -> None:
    """Warnings as plain lines on stderr; everything with `debug`."""
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG if debug else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")


def log_as_json() -> None:
    """One JSON object a line on stderr, each with the trace it belongs to; for a server whose logs a machine reads."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)  # its lines hold addresses with questions' parameters
    logging.getLogger("procrastinate").setLevel(logging.WARNING)  # its lines hold arguments of jobs
    logging.getLogger("alembic").setLevel(logging.WARNING)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        span = trace.get_current_span().get_span_context()
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if span.is_valid:
            line["trace"] = f"{span.trace_id:032x}"
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def send_traces(endpoint: str | None) -> None:
    """Make spans, so that log lines have a trace; send them by OTLP over HTTP if there is an `endpoint`."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider(resource=Resource.create({"service.name": "footnote"}))
    if endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)
