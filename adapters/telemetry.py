"""What operators read: structured logs and traces. Never the text of users or documents."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

from opentelemetry import trace

_ROOMS = ("adapters", "bot", "knowledge", "tenancy")  # whose loggers are ours


def log_to_stderr(*, debug: bool) -> None:
    """Errors as plain lines on stderr; with `debug` every line of ours, and the warnings of libraries."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING if debug else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    _listen(logging.DEBUG if debug else logging.ERROR)


def log_as_json(*, debug: bool = False) -> None:
    """One JSON object a line on stderr, each with the trace it belongs to; for a server whose logs a machine reads."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    _listen(logging.DEBUG if debug else logging.INFO)


def _listen(level: int) -> None:
    """Take lines from `level` on from our own rooms alone.

    Below a warning, libraries log what passes through them: openai whole prompts, SQLAlchemy rows, procrastinate the arguments of
    jobs, httpx and slack_sdk requests. Which of them do changes with their versions, so none is listened to, also with --debug.
    """
    for room in _ROOMS:
        logging.getLogger(room).setLevel(level)


_EXTRAS = ("failure", "where", "turn", "tenant", "trace_id", "path", "platform", "workspace")  # what callers may add to a line


def where(error: BaseException) -> str:
    """An error's class and the innermost frames it came through. Never its words: they may be a user's or a document's."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " < ".join([type(error).__name__, *(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))])


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        span = trace.get_current_span().get_span_context()
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: str(record.__dict__[name]) for name in _EXTRAS if name in record.__dict__}
        if span.is_valid:
            line["trace"] = f"{span.trace_id:032x}"
        if record.exc_info and record.exc_info[1]:
            line["error"] = where(record.exc_info[1])
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
