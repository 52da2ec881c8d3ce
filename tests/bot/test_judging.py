"""How many judged sentences the checks get right, and which of the finer mistakes they tell."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from bot.clauses import nearest
from bot.evidence import Evidence
from bot.judging import Claim, Dropped, Held
from bot.languages import OTHER_SCRIPT, language
from knowledge.embedding.minilm import MiniLM
from tests.bot.claims import Judged, judged_claims
from tests.bot.fakes import document, passage

CLAIMS = list(judged_claims())
RIGHT = {"faithful", "loose"}


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> MiniLM:
    return MiniLM(tmp_path_factory.mktemp("models"), threads=1)


def counted(cosine: Callable[[tuple[str, str]], float | None], among: Sequence[Judged]) -> dict[str, tuple[int, int]]:
    """Of each kind how many are held, of how many; all that is wrong in some way, together, as `wrong`."""
    held: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for one in among:
        claim = Claim(one.sentence, [Evidence.of(one.source)])
        doubt = claim.doubtful
        verdict = claim.judged(cosine(doubt) if doubt else None)
        kind = one.kind if one.kind in RIGHT else "wrong"
        every[kind] += 1
        held[kind] += isinstance(verdict, Held)
    return {kind: (held[kind], count) for kind, count in every.items()}


def test_terms_alone_keep_what_is_faithful_and_find_most_of_what_is_wrong() -> None:
    shown = counted(lambda _: None, CLAIMS)
    assert shown["faithful"][0] >= 64
    assert shown["wrong"][0] <= 23


def test_the_embedder_finds_more_of_what_nobody_said(minilm: MiniLM) -> None:
    def cosine(pair: tuple[str, str]) -> float:
        one, other = asyncio.run(minilm.passages(pair)).vectors
        return float(one @ other)

    shown = counted(cosine, CLAIMS)
    assert shown["faithful"][0] >= 63
    assert shown["wrong"][0] <= 18


def fault(sentence: str, *texts: str, heading: str = "") -> str:
    """What is wrong with a sentence that cites all `texts`; empty if it holds."""
    sources = [Evidence.of(passage(document("d", "Rules"), text, *([heading] if heading else []))) for text in texts]
    marks = "".join(f"[{n}]" for n in range(1, len(texts) + 1))
    verdict = Claim(f"{sentence} {marks}.", sources).judged()
    return verdict.reason if isinstance(verdict, Dropped) else ""


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        pytest.param("You may not reuse a password", "You may reuse a password.", id="not too much"),
        pytest.param("You may reuse a password", "Never reuse a password.", id="never lost"),
        pytest.param("Visitors can't enter the lab", "Visitors can enter the lab.", id="a short form"),
        pytest.param("Report the loss after the weekend", "Report the loss before the weekend.", id="before and after"),
        pytest.param("Trips of less than £400 need approval", "Trips of more than £400 need approval.", id="less and more"),
        pytest.param("Volunteering days are unpaid", "Volunteering days are paid.", id="paid and unpaid"),
        pytest.param("Smoking is allowed in the yard", "Smoking is forbidden in the yard.", id="allowed and forbidden"),
        pytest.param("You must work from home on Monday", "You may work from home on Monday.", id="may became must"),
        pytest.param("You need a receipt unless you travel", "You need a receipt when you travel.", id="unless for when"),
        pytest.param("Broadband can be claimed", "No. The allowance covers broadband.", id="an answer below its question"),
    ],
)
def test_a_sentence_that_says_the_opposite_is_told(claim: str, source: str) -> None:
    assert fault(claim, source, heading="Can broadband be claimed?") == "its passages say the opposite"


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        pytest.param("Nobody may reuse a password", "Never reuse a password.", id="another negation"),
        pytest.param("Reusing a password is forbidden", "You are not allowed to reuse a password.", id="a negation for an opposite"),
        pytest.param("You are on call for at most one week in four", "Nobody is on call for more than one week in four.", id="a bound"),
        pytest.param("At most 20 days may be in a row", "No more than 20 of the days may be in a row.", id="no more than"),
        pytest.param("Ask no later than four weeks in advance", "Ask at least four weeks before, in advance.", id="no later than"),
        pytest.param("Whether you are married makes no difference", "It does not matter whether you are married.", id="no difference"),
        pytest.param("Interns do not count unless they become employees", "Interns do not count, until they become employees.", id="until"),
        pytest.param(
            "Business class is flown by nobody, not even the founders", "Nobody flies business class, the founders included.", id="not even"
        ),
        pytest.param("Neither Leeds nor London has a canteen", "Leeds and London have no canteen.", id="neither, nor"),
        pytest.param("A trader takes a yes or no position", "A trader has to take a 'yes' or 'no' position.", id="a no that is a thing"),
        pytest.param("Don't enter the lab without a badge", "Enter the lab with a badge.", id="two negations"),
        pytest.param("Passwords are long", "Passwords are long. Never send them by mail.", id="a negation in another sentence"),
    ],
)
def test_a_paraphrase_that_turns_nothing_holds(claim: str, source: str) -> None:
    assert fault(claim, source) == ""


RATES = "Effective 1 April 2026.\n\n| Duty | United Kingdom | Portugal |\n|---|---|---|\n| Night | £30 | €35 |\n| Weekend | £75 | €88 |"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        pytest.param("A night is paid £75", "75", id="another row"),
        pytest.param("A night of duty is £30 in the UK", "", id="its own row"),
        pytest.param("A night is paid €30", "30 eur", id="another currency"),
        pytest.param("Since 1 April 2026 a night is paid £30", "", id="what holds for all of the passage"),
    ],
)
def test_a_value_belongs_to_its_row(claim: str, value: str) -> None:
    assert fault(claim, RATES) == (f"{value} belongs to something else in its passages" if value else "")


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        pytest.param("Tell your manager 28 days before the leave starts", "28", id="of another step"),
        pytest.param("Tell your manager 12 days before the leave starts", "12 day", id="of another unit"),
        pytest.param("Tell your manager 12 weeks before the leave starts on Friday", "Friday", id="another step's weekday"),
        pytest.param("Tell your manager 12 weeks before the leave starts", "", id="its own"),
    ],
)
def test_a_value_belongs_to_its_sentence(claim: str, value: str) -> None:
    steps = "1. Tell your manager at least 12 weeks before the leave starts.\n2. Change the date once with 28 days' notice, on a Friday."
    assert fault(claim, steps) == (f"{value} belongs to something else in its passages" if value else "")


def test_the_day_a_document_was_changed_supports_only_sentences_that_name_it() -> None:
    assert fault("As of November 2026, the fee is due", "The fee is due.") == ""
    assert fault("The fee of 25 is due", "The fee is due.") == "number 25 is in none of its passages"


def test_german_nouns_are_no_names() -> None:
    source = "Die Elternzeit beträgt 18 Wochen und wird von der Leitung genehmigt."
    assert fault("Die Eltern erhalten 18 Wochen, die Leitung genehmigt die Elternzeit und den Antrag", source) == ""
    assert (
        fault("Die Elternzeit beträgt 18 Wochen und wird von Frau Zorblatt genehmigt", source) == "name Zorblatt is in none of its passages"
    )


@pytest.mark.parametrize(
    ("text", "known"),
    [
        pytest.param("The leave is paid in full and you keep your place.", "en", id="English"),
        pytest.param("Die Reise wird von der Leitung genehmigt.", "de", id="German"),
        pytest.param("Le congé est payé pour les deux parents.", "fr", id="French"),
        pytest.param("El permiso se paga para los dos padres.", "es", id="Spanish"),
        pytest.param("A licença é paga para os dois pais, e não pode ser dividida.", "pt", id="Portuguese"),
        pytest.param("Il congedo non è pagato per gli altri.", "it", id="Italian"),
        pytest.param("Het verlof wordt betaald voor de ouders.", "nl", id="Dutch"),
        pytest.param("育児休暇は26週間です。", OTHER_SCRIPT, id="Japanese"),
        pytest.param("Die Frist beträgt 30 Tage.", "de", id="German, short"),
        pytest.param("Hotels kosten bis zu 180 € pro Nacht, und Mahlzeiten 45 € pro Tag.", "de", id="German rates"),
        pytest.param("Les hôtels coûtent au plus 180 € par nuit.", "fr", id="French, short"),
        pytest.param("No se puede pagar el hotel sin factura.", "es", id="Spanish with no"),
        pytest.param("As despesas do mês são pagas no fim do mês pela empresa.", "pt", id="Portuguese with as, do and no"),
        pytest.param("Il limite per gli hotel è di 180 € per notte.", "it", id="Italian with per"),
        pytest.param("De reis in het buitenland is in overleg met de leiding.", "nl", id="Dutch with in and is"),
        pytest.param("Up to £180 per night, £45 per day.", "en", id="English rates"),
        pytest.param("Employees do so as soon as possible.", "en", id="English with do and as"),
        pytest.param("Do as no other does.", "en", id="English that could be Portuguese"),
        pytest.param("Meals: £45 per day, £60 per night.", None, id="English with nothing but per"),
        pytest.param("Van hire is paid in advance, in full, of course.", None, id="English that could be Dutch"),
        pytest.param("Zürich €200, Köln €150.", None, id="names in another language"),
        pytest.param("Berlin €180", None, id="too little to tell"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_languages_are_told_by_their_commonest_words(text: str, known: str | None) -> None:
    assert language(text) == known


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        pytest.param("Up to £210 per night, £45 per day", "210 belongs to something else in its passages", id="another row"),
        pytest.param("Up to €180 per night, £45 per day", "180 eur belongs to something else in its passages", id="another currency"),
        pytest.param("Up to £180 per night, £45 per day", "", id="as it is"),
    ],
)
def test_english_rates_are_held_like_other_sentences(claim: str, reason: str) -> None:
    rates = "Hotels in the UK are paid up to £180 per night and £45 per day. Offices of partners may charge £210 for a meeting room."
    assert fault(claim, rates) == reason


def test_a_row_is_compared_with_the_names_of_its_columns() -> None:
    assert Evidence(RATES).said[-1].whole == "Duty Weekend, United Kingdom £75, Portugal €88"


def test_text_without_content_is_about_nothing() -> None:
    assert nearest(frozenset(), Evidence(RATES).said, 0.5) == []
