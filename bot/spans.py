"""Spans of the bot. They carry no text of users or documents: of an error only its class, never its message."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import StatusCode

_tracer = trace.get_tracer(__name__)


@contextmanager
def span(name: str) -> Iterator[None]:
    """One step of the work, as a span; if it fails, `error.type` and the status say which class of error it was."""
    with _tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as current:
        try:
            yield
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise
