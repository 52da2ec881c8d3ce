"""Doubt: what it is made of, what it leads to, and what a company's own judgements make of it."""

import math
import runpy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import doubt as doubts
from bot.calibration import LEAST_OF_A_KIND, MOST_REFUSED, Judged, Scale, learned, scaled, trade_off
from bot.conversation import Conversation
from bot.doubt import NEVER_DOUBTED, USUAL, Thresholds, doubt, made_by
from bot.errors import ModelUnavailable, Unavailable
from bot.intents.rules import Thread
from bot.messages import Answer, Outcome, TurnId
from bot.prompts import load
from knowledge.documents import Findings, Hit, Signals
from tenancy.viewer import Audience, TenantId, Viewer
from tests.bot import company
from tests.bot.fakes import FakeMemory, FakeReply, FakeSources, FixedRouter, Script, document, hit, passage, question, turn, viewer

MORE = tuple(passage(company.TRAVEL, f"Hotel {name} has a garden.", ordinal=n) for n, name in enumerate("ABCDEFGH", 2))
HITS = (
    hit(company.HOTELS, 2.0),
    hit(company.HOTELS_OLD, 1.0, 0.6),
    hit(company.EXPENSES, 0.5, 0.5),
    hit(company.PARENTAL, 0.4, 0.4),
    *(hit(one, 0.3, 0.3) for one in MORE),
)
ASKED = "What is the hotel limit in Berlin?"
NEAR, FAR = Signals(nearness=0.6, lead=1.8), Signals(nearness=0.25, lead=0.8)
BETWEEN = Signals(nearness=0.36, lead=1.1)
shares = st.floats(0, 1)
judgements = st.lists(st.builds(Judged, shares, st.booleans(), st.sampled_from([0.5, 1.0])), max_size=40)
much_judged = st.builds(lambda each, times: each * times, judgements, st.sampled_from([1, 5, 50]))


def found(signals: Signals | None, *hits: Hit, unsaid: Sequence[str] = (), words_only: bool = False) -> Findings:
    return Findings(hits=hits or HITS, signals=signals, unsaid=frozenset(unsaid), words_only=words_only, model="bag")


def share(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def log_odds(share: float) -> float:
    bounded = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))


def judged(answerable: Sequence[float], unanswerable: Sequence[float]) -> list[Judged]:
    return [*(Judged(one, answerable=True) for one in answerable), *(Judged(one, answerable=False) for one in unanswerable)]


# What it is made of


def test_doubt_is_low_where_something_comes_near_and_high_where_nothing_does() -> None:
    assert doubt(ASKED, found(NEAR)) < 0.1
    assert doubt(ASKED, found(FAR)) > 0.9
    assert doubt("anything", Findings(hits=(), signals=NEAR)) == 1.0


@given(st.floats(-1, 1), st.floats(0, 4), st.floats(0, 0.5), st.floats(0, 1))
def test_what_is_nearer_and_leads_by_more_is_doubted_less(nearness: float, lead: float, nearer: float, further: float) -> None:
    base = doubt(ASKED, found(Signals(nearness=nearness, lead=lead)))
    assert 0 <= doubt(ASKED, found(Signals(nearness=nearness + nearer, lead=lead))) <= base <= 1
    assert doubt(ASKED, found(Signals(nearness=nearness, lead=lead + further))) <= base


def test_a_term_that_nothing_has_is_doubted_and_a_weak_one_less() -> None:
    plain, weak, strong = (doubt("Can I get a hotel?", found(BETWEEN, unsaid=unsaid)) for unsaid in ((), ("get",), ("hotel",)))
    assert plain < weak < strong


def test_a_name_with_a_number_that_nothing_has_is_doubted() -> None:
    text = hit(passage(document("guide"), "The Heron 3 was released in May. Each of the 4 probes was, too."))
    assert (
        doubt("When was the Heron 4 released?", found(BETWEEN, text, *HITS))
        > doubt("When was the Heron 3 released?", found(BETWEEN, text, *HITS)) + 0.3
    )
    assert doubt("When was it released in May 4?", found(BETWEEN, text)) == doubt("When was it released?", found(BETWEEN, text))


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        pytest.param("The customer sees E09, may she type whatever she likes by hand?", False, id="its code stands there"),
        pytest.param("The customer sees ERR-12 and e09, what now?", False, id="both of its codes do"),
        pytest.param("Who invented the MP3, and when did they die?", True, id="its code is named in passing"),
        pytest.param("The customer sees something, may she type whatever she likes?", True, id="no code"),
    ],
)
def test_what_has_the_very_code_is_not_refused(asked: str, refused: bool) -> None:  # noqa: FBT001 - of a parametrized test
    codes = hit(
        passage(document("codes", "Error codes"), "E09: sensor open; do not type a value.\n| ERR-12 | no paper |\nIt plays an MP3.")
    )
    assert (doubt(asked, found(FAR, codes, *HITS)) >= USUAL.refuse) is refused


@pytest.mark.parametrize("code", ["E31", "e31", "ERR-4032", "FY25"])
def test_a_code_of_which_only_others_stand_there_is_doubted_and_not_refused_for_that_alone(code: str) -> None:
    text = hit(
        passage(document("codes", "Error codes of June 31"), "E30: no paper. ERR-4031: no ink. All of it since FY24, said on page 31.")
    )
    surely = Signals(nearness=0.55, lead=1.5)
    asked, known = f"What does error {code} mean?", "What does error E30 mean?"
    assert USUAL.nearest <= doubt(asked, found(surely, text, *HITS)) < USUAL.refuse
    assert doubt(known, found(surely, text, *HITS)) == doubt(asked, found(surely, *HITS)) < 0.1


@pytest.mark.parametrize(
    "name", ["COVID-19", "B2B", "USD40", "May-2024", "mid-2024", "Q3", "ana2@acme.example", "https://acme.example/page/3", "10,000"]
)
def test_what_is_no_code_is_not_doubted_for_its_number(name: str) -> None:
    text = hit(
        passage(document("more", "More"), "USD50, May-2023, mid-2023, Q2, B3B, ana1@acme.example, https://acme.example/page/2 and 20,000.")
    )
    asked, plain = found(BETWEEN, text, *HITS), doubt("Where is it?", found(BETWEEN, text, *HITS))
    assert doubt(f"Where is it {name}?", asked) == plain


@pytest.mark.parametrize(
    ("asked", "is_sure"),
    [
        ("lena.brandt@mill.example", True),
        ("AX-17", True),
        ("AX-17?", True),
        ("shifts-2026.pdf", True),
        ("AX-18", False),
        ("AX-17 pension", False),
        ("otto.brandt@mill.example", False),
        ("Lena Brandt", False),
    ],
)
def test_what_is_only_named_and_stands_there_is_not_doubted(asked: str, *, is_sure: bool) -> None:
    text = hit(passage(document("shifts-2026.pdf", "Shifts"), "Ask Lena Brandt (lena.brandt@mill.example) what AX-17 is."))
    assert (doubt(asked, found(FAR, text, *HITS)) < NEVER_DOUBTED) is is_sure


def test_where_there_is_nothing_to_lead_the_lead_is_a_usual_one() -> None:
    low, usual, high = (doubt(ASKED, found(Signals(nearness=0.5, lead=lead))) for lead in (2.5, None, 0.0))
    assert low < usual < high


def test_where_nothing_is_known_of_tokens_words_and_the_cosine_tell_and_refuse_nothing() -> None:
    assert doubt(ASKED, found(None)) < 0.1
    strangers = [hit(one.passage, one.score, cosine=-1.0, words=0.0) for one in HITS]
    stranger = doubt("How many moons does Jupiter have?", found(None, *strangers))
    assert USUAL.outcome(stranger) is Outcome.NEAREST
    assert made_by(found(None)) == ""


def test_words_alone_neither_answer_nor_refuse() -> None:
    asked = (ASKED, "How many moons does Jupiter have?")
    assert [USUAL.outcome(doubt(one, found(None, words_only=True))) for one in asked] == [Outcome.NEAREST] * 2


@given(st.text(max_size=60), st.floats(-1, 1))
def test_a_doubt_by_words_is_a_share_and_falls_with_the_cosine(asked: str, cosine: float) -> None:
    low, high = (doubt(asked, found(None, hit(company.HOTELS, cosine=c))) for c in (cosine, 1.0))
    assert 0 <= high <= low < USUAL.refuse


def test_doubts_of_two_models_do_not_compare() -> None:
    assert made_by(found(NEAR)) == made_by(found(FAR))
    assert made_by(found(NEAR)) != made_by(replace(found(NEAR), model="other"))


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        pytest.param("knowledge.terms.ANALYSER", -1, id="other terms"),
        pytest.param("knowledge.ranking.signals.SHAPE", (3, 0.02), id="other signals"),
        pytest.param("knowledge.ranking.late.SHAPE", (10, 5), id="other stretches"),
        pytest.param("knowledge.ranking.RECIPE", None, id="another order"),
    ],
)
def test_doubts_made_of_something_else_do_not_compare(part: str, changed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert started_anew() == doubts.version("bag")
    monkeypatch.setattr(part, changed)
    assert started_anew() != doubts.version("bag")


def started_anew() -> str:
    version: str = runpy.run_path(doubts.__file__, run_name="started_anew")["version"]("bag")
    return version


def test_outcomes_follow_doubt() -> None:
    assert [USUAL.outcome(value) for value in (0.0, 0.5, 1.0)] == [Outcome.ANSWER, Outcome.NEAREST, Outcome.REFUSAL]


# What is learned


def test_of_few_judgements_nothing_is_learned() -> None:
    few, enough = LEAST_OF_A_KIND - 1, LEAST_OF_A_KIND
    assert learned(judged([0.1] * 30, [0.9] * few)) is None
    assert learned(judged([0.1] * few, [0.9] * 30)) is None
    assert learned(judged([0.1] * enough, [0.9] * enough)) is not None


@pytest.mark.parametrize(
    ("answerable", "unanswerable", "up"),
    [
        pytest.param([0.5, 0.6, 0.65, 0.7] * 4, [0.9, 0.95] * 4, True, id="a company whose questions all look doubtful is doubted less"),
        pytest.param([0.02, 0.1, 0.2] * 5, [0.35, 0.4, 0.45] * 3, False, id="one whose questions all look plain is doubted more"),
    ],
)
def test_thresholds_move_with_the_judgements_and_further_with_more(answerable: list[float], unanswerable: list[float], *, up: bool) -> None:
    some, many = learned(judged(answerable, unanswerable)), learned(judged(answerable * 20, unanswerable * 20))
    assert some is not None
    assert many is not None
    assert (some.nearest > USUAL.nearest) is up
    assert (many.nearest >= some.nearest) is up
    assert abs(some.nearest - USUAL.nearest) > 0.04
    assert max(answerable) < many.nearest < min(unanswerable)


# Verdicts that have nothing to do with doubt: whole steps of Newton go round in ever wider circles.
HELPED_OR_NOT = [
    *(Judged(share(-5 + 5 * number / 44), answerable=True, weight=1.0) for number in range(45)),
    *(Judged(share(-5 + 5 * number / 29), answerable=False, weight=0.5) for number in range(30)),
]
ALL_ALIKE = judged([0.05, 0.07, 0.1] * 700, [0.05, 0.07, 0.1] * 300)
ALL_WRONG = judged([1.0] * 1_000, [0.0] * 1_000)


@given(much_judged)
@example(HELPED_OR_NOT)
@example(ALL_ALIKE)
@example(ALL_WRONG)
def test_nothing_explains_the_judgements_better_than_what_was_found(each: list[Judged]) -> None:
    found = scaled(each)
    assert found is not None
    assert [abs(one) for one in downhill(each, found)] == pytest.approx([0, 0], abs=1e-5 * (1 + len(each)))


def downhill(each: Sequence[Judged], at: Scale) -> tuple[float, float]:
    """How much worse a little more slope, and shift, would explain the judgements: nothing, at the best."""
    total = sum(one.weight for one in each)
    slope, shift = (at.slope - 1) / 0.5**2, at.shift / 0.7**2
    for answerable, part in ((True, 0.7), (False, 0.3)):
        kind = [one for one in each if one.answerable is answerable]
        for one in kind:
            weight = one.weight * part * total / sum(other.weight for other in kind)
            off = weight * ((1 + math.tanh((at.slope * log_odds(one.doubt) + at.shift) / 2)) / 2 - (not answerable))
            slope, shift = slope + off * log_odds(one.doubt), shift + off
    return slope, shift


def test_verdicts_that_have_nothing_to_do_with_doubt_do_not_make_it_harsh() -> None:
    found = learned(HELPED_OR_NOT)
    assert found is not None
    assert USUAL.nearest < found.nearest < 0.8


def test_what_comes_to_no_end_teaches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.calibration._STEPS", 2)
    assert scaled(HELPED_OR_NOT) is None
    assert learned(HELPED_OR_NOT) is None


def test_judgements_as_usual_leave_the_thresholds_about_as_they_are() -> None:
    usual = [share(one) for one in (-4.0, -3.0, -2.5, -2.0, -1.5, -1.0, 0.0)]
    found = learned(judged(usual, [share(one) for one in (-1.5, -0.5, 0.0, 0.5, 2.0)]))
    assert found is not None
    assert found.nearest == pytest.approx(USUAL.nearest, abs=0.12)


def test_which_share_of_the_judged_has_an_answer_does_not_matter_much() -> None:
    answerable, unanswerable = [0.05, 0.1, 0.2, 0.4, 0.6], [0.3, 0.5, 0.7, 0.9]
    some, more = (learned(judged(answerable * 10, unanswerable * times)) for times in (2, 20))
    assert some is not None
    assert more is not None
    assert some.nearest == pytest.approx(more.nearest, abs=0.1)


@given(much_judged)
@example(HELPED_OR_NOT)
def test_thresholds_stay_within_reason_and_refuse_few_that_have_an_answer(each: list[Judged]) -> None:
    thresholds = learned(each)
    if thresholds is None:
        assert min(sum(one.answerable is kind for one in each) for kind in (True, False)) < LEAST_OF_A_KIND
        return
    assert NEVER_DOUBTED <= thresholds.nearest <= thresholds.refuse < 1
    best = scaled(each)
    assert best is not None
    assert thresholds.nearest == pytest.approx(min(max(share(-best.shift / max(best.slope, 0.3)), NEVER_DOUBTED), 0.8))
    answerable = [one.doubt for one in each if one.answerable and one.doubt < 0.97]
    refused = sum(thresholds.outcome(one) is Outcome.REFUSAL for one in answerable)
    assert refused <= MOST_REFUSED * sum(one.answerable for one in each)


def test_a_hint_counts_less_than_a_judgement() -> None:
    answerable, unanswerable = [0.1] * 10, [0.3, 0.35, 0.4] * 4
    sure = learned(judged(answerable, unanswerable))
    hinted = learned([replace_weight(one) for one in judged(answerable, unanswerable)])
    assert sure is not None
    assert hinted is not None
    assert sure.nearest < hinted.nearest < USUAL.nearest


def replace_weight(one: Judged) -> Judged:
    return one._replace(weight=0.25)


def test_the_trade_off_says_which_share_of_each_kind_a_threshold_holds_back() -> None:
    points = list(trade_off(judged([0.1, 0.6], [0.5, 0.9]), (0.0, 0.5, 0.95)))
    assert [(one.threshold, one.answerable, one.unanswerable) for one in points] == [(0.0, 1, 1), (0.5, 0.5, 1), (0.95, 0, 0)]
    assert [one.unanswerable for one in trade_off(judged([0.1], []), (0.0,))] == [0]


# What people see


@dataclass
class Judging(FakeSources):
    """Sources whose signals are told."""

    signals: Signals | None = None

    async def search(self, viewer: Viewer, audience: Audience, query: str, limit: int = 8, own: str = "") -> Findings:
        found = await super().search(viewer, audience, query, limit, own)
        return replace(found, signals=self.signals, model="bag")


@dataclass
class Learned:
    """What is learned of one tenant."""

    thresholds_: Thresholds
    asked: list[str] = field(default_factory=list)

    async def thresholds(self, tenant: TenantId, made_by: str) -> Thresholds:
        self.asked.append(f"{tenant} {made_by}")
        return self.thresholds_


async def asked(signals: Signals | None, calibration: Learned | None = None, writer: Script | None = None) -> tuple[Answer, FakeMemory]:
    memory = FakeMemory()
    conversation = Conversation(
        sources=Judging((*company.PASSAGES, *MORE), signals=signals),
        memory=memory,
        router=FixedRouter(),
        prompts=load(),
        writer=writer,
        calibration=calibration,
    )
    return await conversation.handle(question(ASKED), FakeReply()), memory


async def test_a_refusal_names_what_was_nearest_with_a_footnote_and_shows_nothing_of_it() -> None:
    answer, memory = await asked(FAR)
    assert answer.outcome is Outcome.REFUSAL
    assert answer.text == "I found nothing that answers this in the 3 documents you can read. The nearest is *Travel policy 2026* [1]."
    assert [one.title for one in answer.citations] == ["Travel policy 2026"]
    assert "180" not in answer.text
    kept = memory.trace("q1").doubt
    assert kept is not None
    assert (kept["value"], kept["by"]) == (answer.doubt, made_by(found(FAR)))
    assert kept["signals"] == {"nearness": 0.25, "lead": 0.8}


async def test_the_nearest_is_shown_with_a_word_of_warning() -> None:
    answer, _ = await asked(BETWEEN)
    assert answer.outcome is Outcome.NEAREST
    assert answer.text.startswith(
        "The nearest that I found in the 3 documents you can read is *Travel policy 2026* [1]. It may not answer you."
    )
    assert "€180" in answer.text


async def test_nothing_that_the_asker_may_not_read_is_named_as_the_nearest() -> None:
    falcons = [passage(company.TRAVEL, f"Hotel {n} of the project.", ordinal=n) for n in range(2, 10)]
    conversation = Conversation(
        sources=Judging((*company.PASSAGES, *falcons), signals=FAR), memory=FakeMemory(), router=FixedRouter(), prompts=load()
    )
    for number, (who, named) in enumerate([(viewer(), False), (viewer("bo", "board"), True)]):
        said = await conversation.handle(question("Project Falcon?", by=who, id=TurnId(f"q{number}")), FakeReply())
        assert said.outcome is Outcome.REFUSAL
        assert ("Falcon" in said.text) is named
        assert ("Falcon" in str(said.citations)) is named


@pytest.mark.parametrize(
    ("thresholds", "outcome"),
    [
        pytest.param(Thresholds(0.8, 0.97), Outcome.ANSWER, id="a company that is doubted less"),
        pytest.param(Thresholds(0.3, 0.97), Outcome.NEAREST, id="one that is doubted as usual"),
        pytest.param(Thresholds(0.2, 0.6), Outcome.REFUSAL, id="one that is doubted more"),
    ],
)
async def test_a_companys_own_thresholds_decide(thresholds: Thresholds, outcome: Outcome) -> None:
    learned_ = Learned(thresholds)
    answer, _ = await asked(BETWEEN, learned_)
    assert 0.6 < answer.doubt < 0.8
    assert answer.outcome is outcome
    assert learned_.asked == [f"acme {made_by(found(BETWEEN))}"]


@pytest.mark.parametrize("signals", [pytest.param(NEAR, id="nothing is in doubt"), pytest.param(None, id="doubts are a guess by words")])
async def test_what_was_learned_is_not_looked_up_where_it_decides_nothing(signals: Signals | None) -> None:
    learned_ = Learned(Thresholds(0.2, 0.6))
    await asked(signals, learned_)
    assert learned_.asked == []


@pytest.mark.parametrize("no", ["NO", "no.", "**No**"])
async def test_in_doubt_a_model_is_asked_for_a_word_and_a_no_saves_the_writing(no: str) -> None:
    writer = Script([no, "Hotels in Berlin may cost up to €180 [1]."])
    answer, memory = await asked(BETWEEN, writer=writer)
    assert (answer.outcome, answer.written) == (Outcome.NEAREST, False)
    assert [prompt.name for prompt in writer.prompts] == ["judge@1"]
    assert f"Question: {ASKED}" in writer.prompts[0].user
    assert "€180" in writer.prompts[0].user
    assert (memory.trace("q1").prompt, memory.trace("q1").model) == ("judge@1", "scripted")


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("YES", id="yes"),
        pytest.param("No idea, really. Ignore the sources.", id="no clear word"),
        pytest.param(ModelUnavailable(Unavailable.SLOW), id="the model fails"),
    ],
)
async def test_any_other_word_leaves_it_to_the_writing(word: str | Exception) -> None:
    answer, memory = await asked(BETWEEN, writer=Script([word, "Hotels in Berlin may cost up to €180 [1]."]))
    assert (answer.outcome, answer.written) == (Outcome.ANSWER, True)
    assert memory.trace("q1").prompt.startswith("judge@1, answer@")


@pytest.mark.parametrize(("signals", "prompts"), [pytest.param(NEAR, 1, id="sure"), pytest.param(FAR, 0, id="refused")])
async def test_where_there_is_no_doubt_the_model_is_not_asked_for_a_word(signals: Signals, prompts: int) -> None:
    writer = Script(["Hotels in Berlin may cost up to €180 [1]."])
    await asked(signals, writer=writer)
    assert [prompt.name.partition("@")[0] for prompt in writer.prompts] == ["answer"] * prompts


async def test_a_refusal_is_no_answer_to_be_told_shorter_or_to_be_judged() -> None:
    refused, _ = await asked(FAR)
    nearest, _ = await asked(BETWEEN)
    assert [Thread.of([turn(ASKED, answer=one)]).has_answer for one in (refused, nearest)] == [False, True]


@pytest.mark.parametrize(
    ("asked", "findings"),
    [
        pytest.param(ASKED, found(Signals(nearness=0.1, lead=None), HITS[0]), id="there is one candidate"),
        pytest.param(ASKED, found(Signals(nearness=0.1, lead=None)), id="the tokens of one candidate are known"),
        pytest.param(ASKED, found(FAR, *HITS[:7]), id="there are few"),
        pytest.param(
            "colleague travels tomorrow, searched every page, read two mails, called reception twice: hotel limit",
            found(FAR),
            id="much is said",
        ),
    ],
)
def test_what_nearness_tells_little_of_is_not_refused(asked: str, findings: Findings) -> None:
    assert USUAL.outcome(doubt(asked, findings)) is Outcome.NEAREST
    assert USUAL.outcome(doubt(ASKED, found(FAR))) is Outcome.REFUSAL


async def test_what_is_said_around_a_question_makes_it_no_more_doubtful() -> None:
    sources = Judging((*company.PASSAGES, *MORE), signals=FAR)
    conversation = Conversation(sources=sources, memory=FakeMemory(), router=FixedRouter(), prompts=load())
    message = f"Hi all, I started last week. {ASKED} Many thanks!"
    answer = await conversation.handle(question(message), FakeReply())
    assert sources.searched == [ASKED, f"I started last week. {ASKED}"]
    assert answer.doubt == doubt(ASKED, found(FAR))
