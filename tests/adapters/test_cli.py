"""The command line as people use it: real processes on embedded parts in one home, exit codes, stdout and stderr."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters import cli
from knowledge.ranking import Stage
from tenancy.embedded import postgres
from tests.tenancy import servers

READERS = """
people: {ana@acme.example: [hr], bob@acme.example: []}
rules:
  - {path: "hr/**", readers: ["group:hr"]}
  - {path: "**", readers: [everyone]}
"""
LEAVE = "# Leave\n\nParental leave is twenty weeks at full pay for every parent.\n"
CASES = "# Cases\n\nThe parental leave dispute of Rosa Lind was settled for 9,000 euros.\n"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was printed
        return json.loads(self.out)

    @property
    def lines(self) -> dict[str, Any]:
        """What a batch printed, by `_id`."""
        return {line["_id"]: line for line in map(json.loads, self.out.splitlines())}


@dataclass(frozen=True)
class Terminal:
    """A shell with a home of its own."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, **environment: str) -> Ran:
        process = self.started(*arguments, **environment)
        out, err = process.communicate(timeout=200)
        return Ran(process.returncode, out, err)

    def started(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        return subprocess.Popen(
            [sys.executable, "-m", "adapters", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**kept, "FOOTNOTE_HOME": str(self.home), **self.environment, **environment},
        )  # fmt: skip


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A home with the tenant `acme`, its documents read in once."""
    folder = tmp_path_factory.mktemp("acme")
    (folder / "docs/hr").mkdir(parents=True)
    (folder / "docs/leave.md").write_text(LEAVE)
    (folder / "docs/hr/cases.md").write_text(CASES)
    (folder / "docs/broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (folder / "readers.yaml").write_text(READERS)
    terminal = Terminal(folder / "home")
    assert terminal("tenants", "create", "acme", "--name", "Acme").code == 0
    ran = terminal("ingest", str(folder / "docs"), "--tenant", "acme", "--readers", str(folder / "readers.yaml"))
    assert ran.code == 0, ran.err
    assert "1 could not be read:\nbroken.pdf: " in ran.out
    assert "2 documents can be found: 2 new" in ran.out
    return terminal


def docs(terminal: Terminal, *more: str) -> Sequence[str]:
    folder = terminal.home.parent
    return ("ingest", str(folder / "docs"), "--tenant", "acme", "--readers", str(folder / "readers.yaml"), *more)


def batch(folder: Path, rows: Sequence[Mapping[str, Any]]) -> str:
    (folder / "batch.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return str(folder / "batch.jsonl")


def test_an_answer_comes_with_its_exact_source(terminal: Terminal) -> None:
    ran = terminal("ask", "How long is parental leave?", "--tenant", "acme", "--as", "bob@acme.example", "--json")
    answer = ran.json
    assert (ran.code, answer["outcome"], answer["withheld"]) == (0, "answer", False)
    assert "twenty weeks" in answer["text"]
    assert "[1]" in answer["text"]
    cited = answer["citations"][0]
    assert (cited["n"], cited["document"], cited["heading"]) == (1, "leave.md", "Leave")
    assert LEAVE[cited["start"] : cited["end"]] == cited["quote"]
    assert 0 <= answer["first_ms"] <= answer["took_ms"]


def test_people_find_what_they_may_read(terminal: Terminal) -> None:
    names = {}
    for person in ("ana", "bob"):
        ran = terminal("search", "parental leave", "--tenant", "acme", "--as", f"{person}@acme.example", "--json")
        names[person] = {passage["document"] for passage in ran.json["passages"]}
    assert names == {"ana": {"leave.md", "hr/cases.md"}, "bob": {"leave.md"}}


def test_a_search_prints_every_field_of_a_passage(terminal: Terminal) -> None:
    ran = terminal("search", "parental leave", "--tenant", "acme", "--as", "bob@acme.example", "--limit", "1", "--json")
    (passage,) = ran.json["passages"]
    assert set(passage) == {"document", "title", "url", "text", "score", "page", "heading", "start", "end", "source"}
    assert LEAVE[passage["start"] : passage["end"]] == passage["text"]
    assert ran.json["took_ms"] > 0


def test_before_an_audience_nothing_is_said_that_one_of_them_may_not_read(terminal: Terminal) -> None:
    asked = ("ask", "How was the dispute of Rosa Lind settled?", "--tenant", "acme", "--as", "ana@acme.example", "--json")
    alone, watched = terminal(*asked), terminal(*asked, "--audience", "ana@acme.example,bob@acme.example")
    assert "9,000 euros" in alone.json["text"]
    assert "9,000" not in watched.out
    assert "cases" not in watched.out
    assert watched.json["withheld"] is True


def test_a_batch_answers_line_by_line(terminal: Terminal, tmp_path: Path) -> None:
    rows = [
        {"_id": "a", "text": "How long is parental leave?"},
        {"_id": "b", "text": "How was the dispute of Rosa Lind settled?", "as": "ana@acme.example"},
        {"_id": "c", "text": "How long is parental leave?", "as": "nobody@acme.example"},
        {"_id": "d", "text": "How long is parental leave?", "as": "no e-mail"},
    ]
    ran = terminal("ask", "--batch", batch(tmp_path, rows), "--tenant", "acme", "--as", "bob@acme.example")
    answers = ran.lines
    assert (ran.code, list(answers)) == (0, ["a", "b", "c", "d"])
    assert "twenty weeks" in answers["a"]["text"]
    assert "9,000" in answers["b"]["text"]
    assert [answers[name]["outcome"] for name in "cd"] == ["refusal", "refusal"]
    assert "nobody@acme.example" in answers["c"]["text"]
    assert "'no e-mail' is no e-mail address" in answers["d"]["text"]


def test_the_options_of_a_batch_hold_for_the_lines_that_say_nothing_else(terminal: Terminal, tmp_path: Path) -> None:
    dispute = {"text": "How was the dispute of Rosa Lind settled?"}
    rows = [{"_id": "watched", **dispute}, {"_id": "alone", "audience": ["ana@acme.example"], "thread": "own", **dispute}]
    asked = ("ask", "--batch", batch(tmp_path, rows), "--tenant", "acme", "--as", "ana@acme.example")
    ran = terminal(*asked, "--audience", "ana@acme.example,bob@acme.example", "--thread", "given")
    watched, alone = ran.lines["watched"], ran.lines["alone"]
    assert ("9,000" in watched["text"], watched["withheld"], watched["thread"]) == (False, True, "given")
    assert ("9,000" in alone["text"], alone["thread"]) == (True, "own")


async def test_a_database_that_dies_during_a_batch_is_apologised_for(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with servers.started(postgres(home)) as server:
        terminal = Terminal(home, {"DATABASE_URL": server.url})
        assert terminal("tenants", "create", "acme", "--name", "Acme").code == 0
        (tmp_path / "readers.yaml").write_text(READERS)
        (tmp_path / "a.txt").write_text("Otters sleep floating.")
        terminal("ingest", str(tmp_path / "a.txt"), "--tenant", "acme", "--readers", str(tmp_path / "readers.yaml"))
        rows = [{"_id": str(n), "text": "How do otters sleep?"} for n in range(100)]
        process = terminal.started("ask", "--batch", batch(tmp_path, rows), "--tenant", "acme", "--as", "bob@acme.example")
        assert process.stdout
        assert json.loads(process.stdout.readline())["outcome"] == "answer"
        await servers.kill(server)
        out, _ = process.communicate(timeout=100)
    last = json.loads(out.splitlines()[-1])
    assert (process.returncode, last["_id"], last["outcome"]) == (1, "99", "apology")
    assert "The database cannot be reached just now" in last["text"]


def test_a_thread_is_remembered(terminal: Terminal) -> None:
    where = ("--tenant", "acme", "--as", "bob@acme.example", "--thread", "t1", "--json")
    terminal("ask", "How long is parental leave?", *where)
    assert "twenty weeks" in terminal("ask", "And is that at full pay?", *where).json["text"]


def test_ingesting_again_costs_nothing_and_json_is_all_that_is_printed(terminal: Terminal) -> None:
    ran = terminal(*docs(terminal, "--json"))
    report = ran.json
    assert (report["unchanged"], report["added"], report["passages"]) == (2, 0, 0)
    assert [refused["name"] for refused in report["refused"]] == ["broken.pdf"]
    assert ran.err == ""


def test_a_tenant_is_listed_and_shown(terminal: Terminal) -> None:
    assert terminal("tenants", "list").out.startswith("acme\tAcme\tsince ")
    shown = terminal("tenants", "show", "acme").out
    assert "source\tdocs\t2 documents" in shown
    assert "person\tana@acme.example\tAna\thr" in shown


def test_an_operator_sees_and_sets_what_a_tenant_may_ask_and_reads_its_audit(terminal: Terminal, tmp_path: Path) -> None:
    asking = ("--tenant", "otters", "--as", "ana@acme.example")
    terminal("tenants", "create", "otters", "--name", "Otters")
    (tmp_path / "a.txt").write_text("Otters sleep floating.")
    (tmp_path / "readers.yaml").write_text(READERS)
    terminal("ingest", str(tmp_path / "a.txt"), "--tenant", "otters", "--readers", str(tmp_path / "readers.yaml"))
    assert "questions\t0 of 100,000 this month" in terminal("tenants", "show", "otters").out

    ran = terminal("tenants", "allow", "otters", "1")
    assert (ran.code, ran.out) == (0, "Otters may ask 1 question a month; so far this month: 0.\n")
    assert terminal("ask", "How do otters sleep?", *asking, "--json").json["outcome"] == "answer"
    spent = terminal("ask", "How do otters sleep?", *asking, "--json").json
    assert (spent["outcome"], "used its questions for the month" in spent["text"]) == ("refusal", True)

    shown = terminal("tenants", "show", "otters").out
    assert "questions\t1 of 1 this month" in shown
    lines = [line.split("\t") for line in shown.splitlines() if line.startswith("audit\t")]
    assert [line[2:4] for line in lines][-3:] == [
        ["ana@acme.example", "question.answered"],
        ["operator", "allowance.set"],
        ["operator", "documents.ingested"],
    ]
    assert all(re.fullmatch(r"\d\d \w{3} \d{4}, \d\d:\d\d UTC", line[1]) for line in lines)
    assert "otters sleep" not in shown.lower()
    assert terminal("tenants", "delete", "otters").code == 0


def test_an_allowance_is_a_number_from_0_on(terminal: Terminal) -> None:
    assert terminal("tenants", "allow", "acme", "--", "-1").code == 2
    assert "There is no tenant 'nope'" in terminal("tenants", "allow", "nope", "5").err


def test_a_deleted_tenant_leaves_nothing(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Otters sleep floating.")
    terminal("tenants", "create", "gone", "--name", "Gone")
    assert terminal("ingest", str(tmp_path / "a.txt"), "--tenant", "gone").code == 0
    before = {path.name for path in (terminal.home / "originals").iterdir()}
    assert terminal("tenants", "delete", "gone").code == 0
    assert "There is no tenant 'gone'" in terminal("tenants", "show", "gone").err
    assert len(list((terminal.home / "index").glob("*/*"))) == 1
    assert any(not list(path.rglob("*.*")) for path in (terminal.home / "originals").iterdir()) or before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("ask", "x", "--tenant", "nope", "--as", "a@b.c"), "There is no tenant 'nope'", id="an unknown tenant"),
        pytest.param(
            ("ask", "x", "--tenant", "acme", "--as", "eve@acme.example"), "does not know 'eve@acme.example'", id="an unknown person"
        ),
        pytest.param(("search", "x", "--tenant", "acme", "--as", "eve"), "eve", id="a person that is no e-mail"),
        pytest.param(("tenants", "create", "acme", "--name", "A"), "exists already", id="a tenant that is there"),
        pytest.param(("tenants", "create", "No Slug", "--name", "A"), "cannot be a slug", id="a name that is no slug"),
        pytest.param(("ingest", "/missing", "--tenant", "acme"), "There is nothing at /missing", id="a path that is not there"),
        pytest.param(
            ("ask", "--batch", "/missing", "--tenant", "acme", "--as", "a@b.c"), "The batch /missing cannot be read", id="no batch"
        ),
        pytest.param(("evaluate", "/missing"), "There is no /missing/corpus.jsonl", id="no judged set"),
        pytest.param(("evaluate", __file__), "is no judged set: give a folder with corpus.jsonl", id="a file that is no judged set"),
        pytest.param(
            ("doubt", "--tenant", "acme", "--svg", "/missing/doubt.svg"),
            "/missing/doubt.svg: No such file or directory. Check the path",
            id="a picture in no folder",
        ),
        pytest.param(
            ("evaluate", "/missing.csv", "--tenant", "acme", "--as", "bob@acme.example"), "/missing.csv cannot be read", id="no questions"
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_that_helps(terminal: Terminal, arguments: Sequence[str], message: str) -> None:
    ran = terminal(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_an_unknown_readers_file_is_named(terminal: Terminal) -> None:
    ran = terminal("ingest", str(terminal.home.parent / "docs"), "--tenant", "acme", "--readers", "/missing.yaml")
    assert (ran.code, ran.err) == (1, "There is no readers file at /missing.yaml. Check the path.\n")


def test_when_nothing_went_in_the_exit_code_says_so(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    ran = terminal("ingest", str(tmp_path / "empty.txt"), "--tenant", "acme", "--source", "nothing")
    assert ran.code == 1
    assert "empty.txt: is empty" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="no command"),
        pytest.param(("ask", "--tenant", "acme", "--as", "a@b.c"), id="no question"),
        pytest.param(("ask", "x", "--batch", "f", "--tenant", "acme", "--as", "a@b.c"), id="a question and a batch"),
        pytest.param(("search", "x", "--tenant", "acme", "--as", "a@b.c", "--limit", "0"), id="a limit of nothing"),
        pytest.param(("tenants", "create", "x"), id="an option left out"),
        pytest.param(("evaluate", "folder", "--tenant", "acme", "--as", "a@b.c"), id="a judged set in a tenant that is there"),
        pytest.param(("evaluate", "set.xlsx"), id="questions for no tenant"),
    ],
)
def test_wrong_usage_is_exit_code_2(terminal: Terminal, arguments: Sequence[str]) -> None:
    assert terminal(*arguments).code == 2


def test_a_wrong_setting_is_one_line(terminal: Terminal) -> None:
    ran = terminal("tenants", "list", FOOTNOTE_PLAYGROUND="perhaps")
    assert (ran.code, ran.err) == (1, "FOOTNOTE_PLAYGROUND is 'perhaps'; it can be on or off.\n")


def test_a_database_that_cannot_be_reached_is_one_line(terminal: Terminal) -> None:
    ran = terminal("tenants", "list", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err


def test_doctor_finds_a_working_house_and_says_what_is_open(terminal: Terminal) -> None:
    ran = terminal("doctor", "--json")
    checks = {check["name"]: check for check in ran.json["checks"]}
    assert (ran.code, ran.json["ok"]) == (0, True)
    assert set(checks) >= {"home", "database", "migrations", "redis", "index", "indexes", "embeddings", "model", "slack", "teams"}
    assert checks["database"]["detail"].startswith("PostgreSQL")


def test_doctor_says_what_is_wrong_and_how_to_mend_it(terminal: Terminal) -> None:
    model = {"MODEL_PROVIDER": "openai-like", "MODEL_NAME": "m"}
    ran = terminal("doctor", SENTRY_DSN="http://x", MODEL_URL="http://127.0.0.1:1/v1", **model)
    assert ran.code == 1
    assert "WRONG SENTRY_DSN" in ran.out
    assert "WRONG model" in ran.out
    assert "Check MODEL_URL" in ran.out


def test_doctor_says_why_the_house_does_not_start(terminal: Terminal) -> None:
    ran = terminal("doctor", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert ran.code == 1
    assert "WRONG start" in ran.out


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A judged set with a run of it: one question that is answered at once, one whose document is never found."""
    folder = tmp_path_factory.mktemp("judged")
    (folder / "qrels").mkdir()
    corpus = [{"_id": f"d{n}", "title": f"On {n}", "text": body} for n, body in enumerate(("Otters sleep floating.", "Trains run late."))]
    asked = [{"_id": "q", "text": "how do otters sleep"}, {"_id": "r", "text": "do trains run late"}]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)))
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td0\t1\nr\telsewhere\t1\n")
    (folder / "earlier").write_text("q Q0 d1 1 2 other\nq Q0 d0 2 1 other\n")
    return folder


def test_a_judged_set_is_scored_and_its_tenant_removed(terminal: Terminal, judged: Path, tmp_path: Path) -> None:
    ran = terminal("evaluate", str(judged), "--run", str(tmp_path / "run"), "--json")
    assert list(ran.json) == [
        "queries", "documents", "passages", "ndcg_10", "recall_10", "recall_100", "mrr_10", "p50_ms", "p95_ms",
        "ingest_passages_per_s", "bare_embedder_passages_per_s",
    ]  # fmt: skip
    assert (ran.code, ran.json["ndcg_10"], ran.json["documents"]) == (0, 0.5, 2)
    assert (tmp_path / "run").read_text().startswith("q Q0 d0 1 ")
    assert "evaluation" not in terminal("tenants", "list").out
    ran = terminal("evaluate", str(judged), *(part for stage in Stage if stage != "vectors" for part in ("--without", stage)), "--json")
    assert (ran.code, ran.json["ndcg_10"]) == (0, 0.5)
    ran = terminal("evaluate", str(judged), "--without", "words", "--without", "vectors")
    assert (ran.code, "nothing is found" in ran.err) == (2, True)


def test_stages_losses_and_a_comparison_are_told_of_one_ingestion(terminal: Terminal, judged: Path) -> None:
    more = ("--ablations", "--worst", "5", "--against", str(judged / "earlier"))
    told = terminal("evaluate", str(judged), *more, "--json").json
    assert [row["without"] for row in told["ablations"]] == [None, *Stage]
    against = told["against"]
    assert (against["wins"], against["losses"], against["ties"], against["left_out"]) == (1, 0, 0, 1)
    assert (against["before"], against["after"], against["difference"]) == (0.6309, 1, 0.3691)
    (worst,) = told["worst"]
    assert (worst["query"], worst["ndcg_10"], worst["first"]) == ("r", 0, {"document": "d1", "title": "On 1"})
    assert worst["relevant"] == [{"document": "elsewhere", "title": "elsewhere", "place": None}]


@pytest.mark.parametrize(
    ("run", "message"),
    [
        pytest.param("q Q0 d1 1", "earlier, line 1: expected `query Q0 document rank score tag`", id="no run"),
        pytest.param("z Q0 d1 1 1 x", "has none of these queries", id="a run of another set"),
    ],
)
def test_a_run_that_cannot_be_compared_is_one_line(terminal: Terminal, judged: Path, tmp_path: Path, run: str, message: str) -> None:
    (tmp_path / "earlier").write_text(run)
    ran = terminal("evaluate", str(judged), "--against", str(tmp_path / "earlier"))
    assert (ran.code, ran.err.count("\n"), message in ran.err) == (1, 1, True)
    assert "evaluation" not in terminal("tenants", "list").out


QUESTIONS = """Question,Document,Asker,Answerable,Quote
How long is parental leave?,leave.md,,,twenty weeks at full pay
How long is parental leave?,Leave,everyone,,
How was the dispute of Rosa Lind settled?,hr/cases.md,ana@acme.example,,9000 crowns
How was the dispute of Rosa Lind settled?,hr/cases.md,,,
How was the dispute of Rosa Lind settled?,hr/nothing.md,,,
How long?,docs,,,
When is the moon made of cheese?,,,no,
Who pays?,,,,
Who asks?,leave.md,eve@acme.example,,
Who else asks?,leave.md,hr,,
"...",leave.md,,,
How was Rosa Lind paid?,hr/cases.md,group:docs:hr,,
"""


def test_an_admins_questions_are_asked_as_their_askers_and_leave_nothing_behind(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text(QUESTIONS)
    before = terminal("tenants", "show", "acme").out
    asked = ("evaluate", str(tmp_path / "set.csv"), "--tenant", "acme", "--as", "bob@acme.example")
    ran = terminal(*asked, "--json", "--run", str(tmp_path / "run"))
    told = ran.json
    assert (ran.code, ran.err, told["queries"], told["ndcg_10"], told["quotes_found"]) == (0, "", 4, 1, 0.5)
    assert [(row["row"], row["outcome"], row["cited"]) for row in told["rows"] if row["answerable"]] == [
        (2, "answer", True), (3, "answer", True), (4, "answer", True), (13, "nearest", True),
    ]  # fmt: skip
    assert told["answers"]["unanswerable"]["questions"] == 1
    assert told["answers"]["unanswerable"]["answer"] == 0
    assert [(row["row"], row["problem"]) for row in told["wrong"]] == [(4, "not_quoted")]
    assert {row["row"]: row["problem"] for row in told["left_out"]} == {
        5: "'hr/cases.md', 'hr/nothing.md' were not found for bob@acme.example. Check the name, and that this asker may read it.",
        7: "'docs' was not found for bob@acme.example. Check the name, and that this asker may read it.",
        9: "it names no document that answers. Name one, or write `no` under answerable.",
        10: told["left_out"][3]["problem"],
        11: "the asker is 'hr'; write an e-mail address, `everyone` or `group:SOURCE:NAME`.",
        12: told["left_out"][5]["problem"],
    }
    assert "does not know 'eve@acme.example'" in told["left_out"][3]["problem"]
    assert "There is no question in that message" in told["left_out"][5]["problem"]
    assert terminal("tenants", "show", "acme").out == before

    ran = terminal(*asked, "--against", str(tmp_path / "run"), "--ablations", "--limit", "1")
    assert "better: 0, worse: 0, the same: 1, left out because only one of the two has them: 3" in ran.out
    assert "Of those that a document answers (1): 1 answered" in ran.out


def test_questions_that_did_not_go_as_judged_are_told_by_row(terminal: Terminal, tmp_path: Path) -> None:
    rows = [
        "How was the dispute of Rosa Lind settled?,leave.md,",
        "How long is parental leave?,leave.md,",
        "How many weeks of parental leave?,,no",
    ]
    (tmp_path / "set.csv").write_text("\n".join(["question,document,answerable", *rows]))
    asked = ("evaluate", str(tmp_path / "set.csv"), "--tenant", "acme", "--as", "ana@acme.example")
    told = terminal(*asked, "--json").json["wrong"]
    assert [(one["row"], one["text"], one["problem"]) for one in told] == [
        (2, "How was the dispute of Rosa Lind settled?", "not_cited"),
        (4, "How many weeks of parental leave?", "answered"),
    ]
    leave, cases = told[0]["wanted"][0], told[0]["cited"][0]
    assert (leave["document"], cases["document"], told[1]["cited"]) == ("docs/leave.md", "docs/hr/cases.md", [leave])
    assert terminal(*asked).out.endswith(
        f"""
2 questions did not go as judged:
Row 2: How was the dispute of Rosa Lind settled?
      cited {cases["document"]} ({cases["title"]}), not {leave["document"]} ({leave["title"]})
Row 4: How many weeks of parental leave?
      answered from {leave["document"]} ({leave["title"]}), though nothing answers it
"""
    )


def test_where_no_row_can_be_asked_the_rows_are_told_and_the_exit_code_is_1(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text("question,document\nHow long?,nowhere.md\n")
    ran = terminal("evaluate", str(tmp_path / "set.csv"), "--tenant", "acme", "--as", "bob@acme.example", "--ablations", "--worst", "1")
    assert (ran.code, ran.err) == (1, "")
    assert "Row 2: 'nowhere.md' was not found for bob@acme.example." in ran.out


def test_every_stage_of_the_ranking_can_be_left_out_by_its_name() -> None:
    assert list(cli._STAGES) == list(Stage)


def test_help_names_every_command(terminal: Terminal) -> None:
    ran = terminal("--help")
    assert ran.code == 0
    assert all(name in ran.out for name in ("serve", "tenants", "ingest", "search", "ask", "evaluate", "doctor"))
