"""Spans say what failed, never in whose words."""

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot import spans
from bot.notes import Notes
from tests.bot.fakes import FakeReply, FakeSources, question
from tests.bot.test_conversation import House


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    made, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(made))
    monkeypatch.setattr(spans, "_tracer", provider.get_tracer("test"))
    return made


def test_a_step_that_fails_leaves_only_the_class_of_its_error(exporter: InMemorySpanExporter) -> None:
    notes = Notes()
    with pytest.raises(ValueError, match="SECRET"), notes.step("search"):
        int("SECRET")
    (made,) = exporter.get_finished_spans()
    assert made.name == "bot.search"
    assert made.status.description == "ValueError"
    assert made.attributes == {"error.type": "ValueError"}
    assert "SECRET" not in told(made)
    assert "search" in notes.timings_ms


async def test_no_span_of_a_question_that_fails_has_its_words(exporter: InMemorySpanExporter) -> None:
    house = House(sources=FakeSources(failure=RuntimeError("what was the SECRET")))
    await house.handle(question("What is the SECRET?"), FakeReply())
    made = exporter.get_finished_spans()
    assert {"bot.question", "bot.search"} <= {span.name for span in made}
    assert all("SECRET" not in told(span) for span in made)


def told(span: ReadableSpan) -> str:
    return str(span.to_json())
