"""What is written down while one question is answered: its trace, its timings, its spans."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.judging import Dropped
from bot.llm.port import Prompt, Spending, Usage
from bot.messages import Trace
from bot.spans import span
from knowledge.documents import Findings


@dataclass(slots=True)
class Notes:
    """One question's notes; made for it and dropped with it. Spans carry no text of users or documents."""

    intent: str = ""
    routed_by: str = ""
    query: str = ""
    findings: Findings = field(default_factory=lambda: Findings(hits=()))
    doubt: dict[str, Any] | None = None
    dropped: list[Dropped] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)  # name@version of each, in the order of their use
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    spending: Spending = field(default_factory=Spending)
    again: str = ""  # what became of asking the model to mend its answer; empty where nothing was to mend
    expanded: str = ""  # other words that the model gave for the question, searched beside it
    timings_ms: dict[str, float] = field(default_factory=dict)
    failure: str = ""
    opened: bool = False  # whether the turn was opened, so that the question is kept and paid for
    repeated: bool = False  # whether the stored answer of the same question was found
    started: float = field(default_factory=time.perf_counter)
    first_ms: float | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one step, as a span and as a timing of the trace; steps of one name add up."""
        began = time.perf_counter()
        with span(f"bot.{name}"):
            try:
                yield
            finally:
                self.timings_ms[name] = self.timings_ms.get(name, 0.0) + (time.perf_counter() - began) * 1000

    def elapsed_ms(self) -> float:
        """Milliseconds since the question came."""
        return (time.perf_counter() - self.started) * 1000

    def shown(self) -> None:
        """The asker sees something of the answer; only the first time counts."""
        self.first_ms = self.elapsed_ms() if self.first_ms is None else self.first_ms

    def found(self, query: str, findings: Findings) -> None:
        """What was searched for and what it came to; the last search counts."""
        self.query, self.findings = query, findings
        self.timings_ms |= {f"search.{name}": ms for name, ms in findings.timings_ms.items()}

    def doubted(self, doubt: float, made_by: str) -> None:
        """How likely it is that what was found does not answer, and what that was worked out with; the last search counts."""
        signals = self.findings.signals
        self.doubt = {
            "value": doubt,
            "by": made_by,
            "unsaid": sorted(self.findings.unsaid),
            "signals": asdict(signals) if signals else None,
        }

    def prompted(self, prompt: Prompt, model: str) -> None:
        """A model is given a prompt; the last model counts, and every prompt."""
        self.prompts.append(prompt.name)
        self.model = model

    def trace(self) -> Trace:
        """The trace to keep with the turn."""
        return Trace(
            intent=self.intent,
            routed_by=self.routed_by,
            query=self.query,
            hits=tuple(_hits(self.findings)),
            withheld=tuple({"passage": w.passage, "reason": w.reason, "score": w.score} for w in self.findings.withheld),
            doubt=self.doubt,
            dropped=tuple({"sentence": d.sentence, "reason": d.reason} for d in self.dropped),
            prompt=", ".join(self.prompts),
            model=self.model,
            tokens_in=self.usage.tokens_in,
            tokens_out=self.usage.tokens_out,
            cost=self.spending.cost(self.usage),
            budget=self.spending.budget,
            again=self.again,
            expanded=self.expanded,
            timings_ms={name: round(ms, 3) for name, ms in self.timings_ms.items()},
            failure=self.failure,
        )


def _hits(findings: Findings) -> Iterator[dict[str, Any]]:
    for hit in findings.hits:
        yield {
            "passage": hit.passage.id,
            "document": hit.passage.document.id,
            "score": round(float(hit.score), 4),
            "words": round(float(hit.words), 4),
            "cosine": round(float(hit.cosine), 4),
            "late": None if hit.late is None else round(hit.late, 4),
        }
