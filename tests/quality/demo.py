"""How well the demo company's 75 judged questions are answered: `python -m tests.quality.demo`.

A question counts as answered when a citation of the answer overlaps its judged quote (white space and table bars aside) in its best
document; as well answered when that citation is the first. A question that nothing answers should not end as an answer.
"""

import asyncio
import re
import secrets
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from adapters import demo_tenant
from adapters.commands.ask import Heard
from adapters.compose import House, open_house
from adapters.demo.questions import Judged, judged
from adapters.settings import Settings
from bot.messages import Answer, Outcome, Question, TurnId
from tenancy.viewer import TenantId


@dataclass(frozen=True, slots=True)
class Result:
    """One judged question and what was said."""

    judged: Judged
    answer: Answer

    @property
    def found(self) -> bool:
        """Whether the judged words are among what was cited."""
        return any(self._is_judged(number) for number in range(len(self.answer.citations)))

    @property
    def first(self) -> bool:
        """Whether they are what was cited first."""
        return bool(self.answer.citations) and self._is_judged(0)

    @property
    def document(self) -> bool:
        """Whether the right document was cited at all."""
        return any(citation.document_name in self.judged.documents for citation in self.answer.citations)

    @property
    def outdated(self) -> bool:
        """Whether the first citation is of a document that has been replaced."""
        return bool(self.answer.citations) and self.answer.citations[0].document_name in self.judged.outdated

    def _is_judged(self, number: int) -> bool:
        citation = self.answer.citations[number]
        wanted, said = _words(self.judged.quote), _words(citation.quote)
        shared = sum((Counter(wanted) & Counter(said)).values())
        return citation.document_name in self.judged.documents and shared >= 0.6 * min(len(wanted), len(said))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


async def answers(house: House, tenant: TenantId, asker: str | None = None) -> list[Result]:
    """Ask every judged question in private, as its own asker or all as `asker` (an e-mail)."""
    results = []
    for one in judged():
        viewer = await house.people.viewer_by_email(tenant, asker or one.asker)
        question = Question(
            id=TurnId(secrets.token_hex(12)), viewer=viewer, thread=secrets.token_hex(8), text=one.text, asked_at=datetime.now(UTC)
        )
        results.append(Result(one, await house.conversation.handle(question, Heard())))
    return results


async def measured(settings: Settings) -> list[Result]:
    """Make the demo company in the house of these settings, and ask every question as its own asker."""
    async with open_house(settings) as house:
        tenant = await demo_tenant.tenant(house)
        await demo_tenant.read_documents(house, tenant, demo_tenant.Reading(lambda _: None))
        return await answers(house, tenant.id)


def summary(results: list[Result]) -> dict[str, float]:
    """Shares of the answerable and of the unanswerable questions."""
    able = [result for result in results if result.judged.answerable]
    unable = [result for result in results if not result.judged.answerable]
    return {
        "document cited": sum(result.document for result in able) / len(able),
        "passage cited": sum(result.found for result in able) / len(able),
        "passage cited first": sum(result.first for result in able) / len(able),
        "outdated cited first": sum(result.outdated for result in able) / len(able),
        "answerable, not answered": sum(result.answer.outcome is not Outcome.ANSWER for result in able) / len(able),
        "unanswerable, not answered": sum(result.answer.outcome is not Outcome.ANSWER for result in unable) / len(unable),
    }


async def main() -> None:
    """Print the summary and every question that went wrong."""
    home = Path(sys.argv[1] if len(sys.argv) > 1 else ".footnote")
    results = await measured(Settings(home=home))
    for result in results:
        right = result.first if result.judged.answerable else result.answer.outcome is not Outcome.ANSWER
        if not right:
            print(f"\n{result.judged.id} {result.judged.text}  [{result.answer.outcome} {result.answer.doubt:.2f}]")
            print(f"   wanted {result.judged.documents}: {result.judged.quote}")
            print("   ", result.answer.text.replace("\n", "\n    "), [citation.document_name for citation in result.answer.citations])
    for name, share in summary(results).items():
        print(f"{name:28}{share:7.1%}")


if __name__ == "__main__":
    asyncio.run(main())
