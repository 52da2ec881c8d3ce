"""Whatever is typed, the exact thing is found if it is there, among its look-alikes, by every engine; and nothing is an error.

So it is by whoever asks the assistant: what is typed is looked up, whatever it is like.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot import prompts
from bot.conversation import Conversation
from bot.intents.router import Router
from knowledge.embedding.minilm import MiniLM
from knowledge.index.lance import LanceEngine
from knowledge.index.port import IndexEngine
from tenancy.database import Database
from tenancy.tenants import Tenant
from tenancy.viewer import EVERYONE
from tests.bot.fakes import FakeMemory, FakeReply, question
from tests.engines import weaviate
from tests.knowledge.parts import Shelf, shelf_of, text

_CORPUS = {  # by name: title and text
    "err-4032": ("Printer", "When the panel shows ERR-4032 the fuser is cold. Wait two minutes."),
    "err-4033": ("Printer", "When the panel shows ERR-4033 the tray is empty. Wait for paper."),
    "err-4023": ("Printer", "When the panel shows ERR-4023 the toner is low. Wait for the vendor."),
    "rooms": ("Rooms", "Room 4032 is on the fourth floor; err on the side of caution and book early."),
    "v2.1.0": ("Release", "v2.1.0 brings the new export. Upgrade on a Tuesday."),
    "v2.1.1": ("Release", "v2.1.1 mends the new export. Upgrade on a Tuesday."),
    "v2.10": ("Release", "v2.10 drops the new export. Upgrade on a Tuesday."),
    "v12.1.0": ("Release", "v12.1.0 is a year away. Upgrade on no Tuesday."),
    "bell": ("Contacts", "Payroll: write to ana.bell@heron.example before noon."),
    "bellamy": ("Contacts", "Payroll abroad: write to ana.bellamy@heron.example before noon."),
    "marbell": ("Contacts", "Payroll for interns: write to mariana.bell@heron.example before noon."),
    "hr/travel_policy-2024.pdf": ("Journeys", "Trains before planes. Book a week ahead."),
    "hr/travel_policy-2023.pdf": ("Journeys", "Planes before trains. Book a month ahead."),
    "hr/travel_policy-2024.docx": ("Journeys", "A form to fill in for journeys. Book it first."),
    "wiki": ("Links", "The board is at https://wiki.heron.example/board/42?view=all since spring."),
    "wiki-43": ("Links", "The old board is at https://wiki.heron.example/board/43?view=all since autumn."),
    "russian": ("Отпуск", "Ежегодный отпуск составляет двадцать восемь дней. Заявление подают за две недели."),
    "russian-trips": ("Командировки", "Билеты на поезд заказывает секретарь. Отчёт сдают за неделю."),
    "greek": ("Άδεια", "Η ετήσια άδεια είναι είκοσι πέντε ημέρες."),
    "arabic": ("إجازة", "الإجازة السنوية ثلاثون يومًا لكل موظف."),
    "japanese": ("休暇", "年次有給休暇は二十日です。申請は一週間前までに出してください。"),
    "japanese-trips": ("出張", "出張の切符は秘書が予約します。報告は一週間以内に出してください。"),
    "chinese": (
        "报销",
        "员工应在三十天内提交报销单据并由部门经理签字批准然后财务部门在十个工作日内将款项汇入员工的银行账户逾期未提交的单据需要说明原因",
    ),
    "thai": ("วันลา", "พนักงานมีสิทธิลาพักร้อนปีละสิบห้าวันโดยต้องแจ้งหัวหน้างานล่วงหน้าอย่างน้อยเจ็ดวันทำการก่อนวันเริ่มลา"),
    "thai-trips": ("เดินทาง", "ตั๋วรถไฟจองโดยเลขานุการและต้องส่งรายงานการเดินทางภายในหนึ่งสัปดาห์หลังจากกลับถึงสำนักงานทุกครั้ง"),
    "hindi": ("छुट्टी", "हर कर्मचारी को साल में पच्चीस दिन की छुट्टी मिलती है।"),
    "korean": ("휴가", "연차휴가는 스무 날이며 일주일 전에 신청합니다."),
    "accents": ("Zürich", "The café in Zürich serves crème brûlée on Fridays. Señor Peña has the key."),
    "fox": ("Chat", "Put a 🦊 on a message and the on-call engineer looks at it."),
    "owl": ("Chat", "Put a 🦉 on a message and the night shift looks at it."),
    "sql": ("Reports", "Run SELECT name FROM staff WHERE team = 'ops' each Monday."),
    "c++": ("Guidelines", "Code in C++ is reviewed by two people."),
    "c#": ("Guidelines", "Code in C# is reviewed by one person."),
    "c": ("Guidelines", "Code in C is reviewed by three people."),
    "r": ("Statistics", "Surveys are counted in R by the research team."),
    "what-we-do": ("What we do", "Heron makes lamps for bicycles."),
    "phrase": ("Night work", "Whoever is on call may take the day after off."),
    "phrase-apart": ("Day work", "Take the call, then the day may go on; after that, the off switch."),
    "sum": ("Limits", "Invoices from 10,000 euros on are signed by two directors."),
    "sum-less": ("Limits", "Invoices up to 10 euros, and those of 000 suppliers, are signed by nobody."),
    "digest": ("Checks", "The image is 9f2feb0f1ef425b292f2f94bbbe8c1d3a5a2c7a7f8b1f0cbb2d9a6d1c3e4f5a6 and no other."),
    "digest-other": ("Checks", "The image was 9f2feb0f1ef425b292f2f94bbbe8c1d3a5a2c7a7f8b1f0cbb2d9a6d1c3e4f5a7 last year."),
    "soft": ("Hyphens", "A para\N{SOFT HYPHEN}chute is packed by its owner."),
}
_ASKED = {  # what is typed, and the document that must come first
    "ERR-4032": "err-4032",
    "err-4032?": "err-4032",
    "what does ERR4033 mean": "err-4033",
    "ERR\N{NON-BREAKING HYPHEN}4023": "err-4023",
    "v2.1.0": "v2.1.0",
    "2.1.1": "v2.1.1",
    "what is new in version 2.10?": "v2.10",
    "ana.bell@heron.example": "bell",
    "<mailto:ana.bellamy@heron.example>": "bellamy",
    "travel_policy-2024.pdf": "hr/travel_policy-2024.pdf",
    "hr/travel_policy-2023.pdf": "hr/travel_policy-2023.pdf",
    "what does travel_policy-2024.docx say": "hr/travel_policy-2024.docx",
    "https://wiki.heron.example/board/42?view=all": "wiki",
    "https://wiki.heron.example/board/43?view=all": "wiki-43",
    "сколько дней отпуска": "russian",
    "билет на поезда": "russian-trips",
    "ΑΔΕΙΑ": "greek",
    "إجازة": "arabic",
    "اجازة": "arabic",
    "有給休暇": "japanese",
    "切符": "japanese-trips",
    "银行账户": "chinese",
    "ลาพักร้อน": "thai",
    "รถไฟ": "thai-trips",
    "छुट्टी": "hindi",
    "휴가": "korean",
    "creme brulee": "accents",
    "ZURICH": "accents",
    "Peña": "accents",
    "🦊": "fox",
    "🦉": "owl",
    "SELECT name FROM staff WHERE team = 'ops'; DROP TABLE passages; --": "sql",
    "C++": "c++",
    "C#": "c#",
    "r": "r",
    "what do we do": "what-we-do",
    '"may take the day after off"': "phrase",
    "-ERR-4033": "err-4033",
    "+ERR-4032 -nothing": "err-4032",
    "10000 euros": "sum",
    "9f2feb0f1ef425b292f2f94bbbe8c1d3a5a2c7a7f8b1f0cbb2d9a6d1c3e4f5a6": "digest",
    "parachute": "soft",
    "fuser " * 2_500 + "ERR-4032 " * 2_500: "err-4032",
}
_LONGER = "fuser " * 2_500 + "and ERR-4032 " * 2_500  # no question may be so long; a search has no limit of its own
_NOT_AN_ERROR = (
    "",
    " ",
    "a",
    "?",
    "?!…",
    "''",
    '"',
    "%",
    "\\",
    "the of and",
    "- -- ---",
    "(((",
    "NOT AND OR",
    "~*^:",
    "\N{ZERO WIDTH JOINER}",
    "a" * 50_000,
)


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> MiniLM:
    return MiniLM(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[weaviate.Cluster]:
    with weaviate.running(tmp_path_factory.mktemp("weaviate")) as cluster:
        yield cluster


@pytest.fixture(params=[pytest.param("lancedb"), pytest.param("weaviate", marks=weaviate.MARKS)])
def engine(request: pytest.FixtureRequest, tmp_path: Path, minilm: MiniLM) -> IndexEngine:
    if request.param == "lancedb":
        return LanceEngine(tmp_path / "index", model=minilm.name, dimension=minilm.dimension)
    cluster: weaviate.Cluster = request.getfixturevalue("node")
    return cluster.engine(minilm.name, minilm.dimension)


@pytest_asyncio.fixture
async def shelf(database: Database, tenant: Tenant, tmp_path: Path, engine: IndexEngine, minilm: MiniLM) -> AsyncIterator[Shelf]:
    async with shelf_of(database, tenant, tmp_path, engine=engine, embedder=minilm) as shelf:
        await shelf.ingest(*(text(name, body, title=title) for name, (title, body) in _CORPUS.items()))
        yield shelf


async def test_the_exact_thing_comes_first(shelf: Shelf) -> None:
    first = {query[:80]: (await shelf.names(query))[:1] for query in _ASKED}
    assert first == {query[:80]: [name] for query, name in _ASKED.items()}
    assert (await shelf.names(_LONGER))[:1] == ["err-4032"]


async def test_nothing_that_is_typed_is_an_error(shelf: Shelf) -> None:
    found = {query[:80]: (await shelf.find(query, EVERYONE, limit=3)).hits for query in _NOT_AN_ERROR}
    assert all(len(hits) <= 3 for hits in found.values())


@pytest.mark.parametrize("engine", ["lancedb"], indirect=True)
async def test_the_exact_thing_is_what_an_answer_cites_first(shelf: Shelf, minilm: MiniLM) -> None:
    cited = {query[:80]: await _cited_first(shelf, minilm, query) for query in _ASKED}
    assert cited == {query[:80]: name for query, name in _ASKED.items()}


async def _cited_first(shelf: Shelf, minilm: MiniLM, text: str) -> str:
    """The name of the document that what is said to `text` cites first; its outcome if that is a refusal."""
    conversation = Conversation(
        sources=shelf.library, memory=FakeMemory(), router=Router(shelf.library.embed, minilm.passages), prompts=prompts.load()
    )
    answer = await conversation.handle(question(text, by=shelf.viewer(EVERYONE)), FakeReply())
    return answer.citations[0].document_name if answer.supported else answer.outcome
