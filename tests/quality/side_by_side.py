"""What people read, side by side: `python -m tests.quality.side_by_side OUT.html [--was COMMIT]`.

Twenty questions of the 18F handbook, spread evenly over those its sections answer (`handbook_18f_faq` under FOOTNOTE_SHARED, not ours,
never copied; so neither is the page), asked through `footnote ask` three times: of the product as it was at COMMIT, by its own code; of
the product now; and of the product now with a scripted model, over HTTP. That model is an oracle: it says YES, and writes the first
sentences of the section that is judged right, if that is among its sources; else NO, and UNANSWERED. So the third column shows what a
model that reads well could make of what it is given. The page says of each answer whether the judged section is cited, and whether first.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from aiohttp import web

ROOT = Path(__file__).resolve().parents[2]
SET = "handbook_18f_faq"
BEFORE_RANKING: Final = "29e01fb"
"""The last commit of which words and vectors alone decided the order."""
QUESTIONS: Final = 20
_SENTENCES = 3  # of the judged section, that the scripted model writes
_TENANT = "eighteen-f"
_SOURCE = re.compile(r"<<source (\d+) [^>]*>>(.*?)<<end of source", re.DOTALL)
_NOTE = re.compile(r"\[(\d+)\]")
_COLUMNS = ("Hybrid, as it was", "Now", "Now, with a scripted model")

Answer = Mapping[str, Any]
"""A line of `footnote ask --batch`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the sections that are judged to answer it."""

    id: str
    text: str
    right: Mapping[str, str]  # name of the section's document -> its text

    def verdict(self, answer: Answer) -> str:
        """Whether the right section is cited."""
        cited = [citation["document"] for citation in answer["citations"]]
        if answer["outcome"] == "refusal":
            return "not answered"
        if cited and cited[0] in self.right:
            return "the judged section first"
        return "the judged section, later" if self.right.keys() & set(cited) else "other sections"


def questions(folder: Path, count: int = QUESTIONS) -> list[Asked]:
    """`count` of a judged set's questions in its order, evenly spread."""
    texts = {row["_id"]: row["text"] for row in _rows(folder / "corpus.jsonl")}
    right: dict[str, dict[str, str]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, section, score = line.split("\t")
        if float(score) > 0:
            right.setdefault(query, {})[section] = texts[section]
    judged = [row for row in _rows(folder / "queries.jsonl") if row["_id"] in right]
    chosen = [judged[number * len(judged) // count] for number in range(count)]
    return [Asked(row["_id"], row["text"], right[row["_id"]]) for row in chosen]


def scripted(prompt: str, asked: Sequence[Asked]) -> str:
    """What the scripted model says to a prompt about one of the questions."""
    question = next((one for one in asked if one.text in prompt), None)
    numbers = _sources_with(prompt, question.right.values()) if question else []
    if "Write one word: YES or NO." in prompt:
        return "YES" if numbers else "NO"
    if not numbers:
        return "UNANSWERED"
    number, text = numbers[0]
    return " ".join(f"{sentence} [{number}]" for sentence in _sentences(text)[:_SENTENCES])


def page(asked: Sequence[Asked], columns: Mapping[str, Mapping[str, Answer]]) -> str:
    """The page: a heading of totals, then each question with its answers beside one another; under one another where it is narrow."""
    totals = "".join(f"<tr><th scope=row>{escape(name)}</th>{_totals(asked, answers)}</tr>" for name, answers in columns.items())
    heads = "".join(f"<th scope=col>{escape(verdict)}</th>" for verdict in _VERDICTS)
    body = "".join(_row(number, one, columns) for number, one in enumerate(asked, start=1))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{len(asked)} questions, side by side</title><style>{_STYLE}</style></head>
<body><main><h1>{len(asked)} questions of the 18F handbook, side by side</h1>
<p class="muted">Only the section under the question's own heading is judged; other sections often answer too.
The scripted model is an oracle: it writes the first sentences of the judged section if that is among its sources.</p>
<div class="totals"><table><thead><tr><td></td>{heads}</tr></thead><tbody>{totals}</tbody></table></div>
{body}</main></body></html>
"""


_VERDICTS = ("the judged section first", "the judged section, later", "other sections", "not answered")


def _totals(asked: Sequence[Asked], answers: Mapping[str, Answer]) -> str:
    verdicts = [one.verdict(answers[one.id]) for one in asked]
    return "".join(f"<td>{verdicts.count(verdict)}</td>" for verdict in _VERDICTS)


def _row(number: int, asked: Asked, columns: Mapping[str, Mapping[str, Answer]]) -> str:
    cells = "".join(_cell(name, asked, answers[asked.id]) for name, answers in columns.items())
    return f'<section><h2><span class="muted">{number}</span> {escape(asked.text)}</h2><div class="columns">{cells}</div></section>'


def _cell(name: str, asked: Asked, answer: Answer) -> str:
    text = _NOTE.sub(r"<sup>\1</sup>", escape(answer["text"]))
    notes = "".join(
        f'<li class="{"right" if one["document"] in asked.right else ""}"><sup>{one["n"]}</sup> {escape(_titled(one))}</li>'
        for one in answer["citations"]
    )
    notice = f'<p class="muted">{escape(answer["notice"])}</p>' if answer.get("notice") else ""
    verdict = asked.verdict(answer)
    mark = "right" if "judged" in verdict else ""
    return (
        f'<article><h3>{escape(name)}</h3><p class="verdict {mark}">{verdict}</p>'
        f'<div class="said">{text}</div>{notice}<ol>{notes}</ol></article>'
    )


def _titled(citation: Mapping[str, Any]) -> str:
    heading = citation.get("heading") or ""
    return f"{citation['title']} › {heading}" if heading else str(citation["title"])


_STYLE = """
:root { --paper: #fbfaf7; --ink: #1c1b19; --hairline: #e3dfd6; --muted: #6b675f; --accent: #b3261e; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #161513; --ink: #ece9e2; --hairline: #2e2b27; --muted: #a19b90; --accent: #ff8a7a; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/20px system-ui, sans-serif; overflow-wrap: break-word; }
main { max-width: 1440px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 21px; line-height: 28px; margin: 0 0 8px; } h2 { font-size: 17px; line-height: 24px; margin: 0 0 12px; }
h3 { font-size: 13px; margin: 0; color: var(--muted); font-weight: 600; }
.muted { color: var(--muted); font-size: 13px; margin: 0 0 8px; }
.totals { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; }
th, td { padding: 4px 12px 4px 0; text-align: left; border-bottom: 1px solid var(--hairline); }
section { border-top: 1px solid var(--hairline); padding-top: 20px; margin-top: 24px; }
.columns { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 24px; }
.verdict { margin: 0 0 8px; font-size: 13px; color: var(--muted); } .verdict.right::before { content: "✓ "; }
.said { white-space: pre-wrap; font: 17px/24px Charter, Georgia, serif; }
sup { color: var(--accent); font: 600 11px/1 system-ui, sans-serif; }
ol { list-style: none; margin: 12px 0 0; padding: 8px 0 0; border-top: 1px solid var(--hairline); font-size: 13px; color: var(--muted); }
ol:empty { display: none; } li.right { color: var(--ink); font-weight: 600; }
@media (max-width: 800px) { .columns { grid-template-columns: minmax(0, 1fr); } }
"""


def _sources_with(prompt: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    """Number and judged text of each source that holds the beginning of one."""
    begun = [(_squeezed(text)[:80], text) for text in texts]
    return [(number, text) for number, source in _SOURCE.findall(prompt) for start, text in begun if start in _squeezed(source)]


def _squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _sentences(text: str) -> list[str]:
    return [one.strip(" *-") for one in re.split(r"(?<=[.!?])\s+|\n+", text) if len(one.strip(" *-")) > 1]


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


@asynccontextmanager
async def _model(asked: Sequence[Asked]) -> AsyncIterator[str]:
    """The scripted model behind OpenAI's protocol; its base URL."""

    async def chat(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        said = scripted("\n".join(str(message["content"]) for message in body["messages"]), asked)
        if not body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
            return web.json_response({"id": "c", "object": "chat.completion", "created": 1, "model": "scripted", "choices": [choice]})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for delta, finish in ({"role": "assistant", "content": said}, None), ({}, "stop"):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [choice]}
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def _footnote(checkout: Path, environment: Mapping[str, str], *arguments: str) -> str:
    """What `footnote` of a checkout prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapters", *arguments, cwd=checkout, env={**environment, "PYTHONPATH": str(checkout)}, stdout=subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        sys.exit(f"`footnote {arguments[0]}` of {checkout} failed; see above.")
    return said.decode()


async def _filled(checkout: Path, home: Path, corpus: Path) -> dict[str, str]:
    """A company with the corpus; the environment that finds it."""
    own = {name: value for name, value in os.environ.items() if not name.endswith("_URL") and not name.startswith(("WEAVIATE_", "MODEL_"))}
    environment = {**own, "FOOTNOTE_HOME": str(home)}
    await _footnote(checkout, environment, "tenants", "create", _TENANT, "--name", "18F")
    await _footnote(checkout, environment, "ingest", str(corpus), "--tenant", _TENANT)
    return environment


async def _answers(checkout: Path, environment: Mapping[str, str], batch: Path) -> dict[str, Answer]:
    said = await _footnote(checkout, environment, "ask", "--batch", str(batch), "--tenant", _TENANT, "--as", "reader@18f.example")
    return {row["_id"]: row for row in map(json.loads, said.splitlines())}


async def _all(folder: Path, asked: Sequence[Asked], old: Path) -> dict[str, dict[str, Answer]]:
    with tempfile.TemporaryDirectory(prefix="footnote-side-by-side-") as scratch:
        there = Path(scratch)
        batch, corpus = there / "questions.jsonl", folder / "corpus.jsonl"
        batch.write_text("".join(json.dumps({"_id": one.id, "text": one.text}) + "\n" for one in asked), encoding="utf-8")
        before = await _answers(old, await _filled(old, there / "home-was", corpus), batch)
        environment = await _filled(ROOT, there / "home", corpus)
        now = await _answers(ROOT, environment, batch)
        async with _model(asked) as url:
            model = {"MODEL_PROVIDER": "openai-like", "MODEL_URL": url, "MODEL_NAME": "scripted"}
            written = await _answers(ROOT, {**environment, **model}, batch)
        return dict(zip(_COLUMNS, (before, now, written), strict=True))


@contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="footnote-was-") as scratch:
        where = str(Path(scratch, "was"))
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", where, commit], cwd=ROOT, check=True)  # noqa: S607 - whichever git
        try:
            yield Path(where)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", where], cwd=ROOT, check=True)  # noqa: S607 - whichever git


def main() -> None:
    """Ask, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--was", default=BEFORE_RANKING, metavar="COMMIT", help="as it was at this commit; default: before the ranking")
    arguments = parser.parse_args()
    folder = Path(os.environ.get("FOOTNOTE_SHARED") or ROOT.parent / "shared") / "data" / SET
    if not folder.is_dir():
        sys.exit(f"There is no {folder}: FOOTNOTE_SHARED says where the judged sets are.")
    asked = questions(folder)
    with _checkout(arguments.was) as old:
        columns = asyncio.run(_all(folder, asked, old))
    arguments.out.write_text(page(asked, columns), encoding="utf-8")
    for name, answers in columns.items():
        verdicts = [one.verdict(answers[one.id]) for one in asked]
        print(f"{name:28}" + "; ".join(f"{verdicts.count(verdict):2} {verdict}" for verdict in _VERDICTS))


if __name__ == "__main__":
    main()
