"""Which of seven languages a text is in, as far as its commonest words tell, and how each writes small numbers. Pure.

Enough to know that a claim and its source share no words because they share no language. Other languages of the Latin script are not
known, and are held against their sources as if they were the source's own.
"""

import re
from collections.abc import Sequence
from typing import Final

_COMMON = {
    "en": "the a an and or of to in is are be been for with on at by from this that it you your we not may must can will if have has "
    "as do does no so per up any all each both its their they your when than then into within until before after was were",
    "de": "der die das den dem des in im am als nur sich durch ein eine einen einem einer und oder von zu ist sind wird werden für "
    "mit auf bei aus dies dass sie ihr wir nicht darf dürfen muss müssen kann können wenn hat haben vor nach bis pro",
    "fr": "le la les l un une des du et ou à est sont être pour avec sur par dans ce cette que il vous votre nous ne pas peut doit si au",
    "es": "el la los las un una unos y o de del al es son ser para con sobre por en este esta que usted su nosotros no puede debe si se",
    "pt": "o a os as um uma e ou de do da dos das no na ao à é são ser para com sobre por em este esta que você seu sua nós não pode deve "
    "pelo pela aos nos nas foi até mais",
    "it": "il lo la gli le un una e o di del della dei è sono essere per con su da in questo questa che voi suo noi non può deve al alla",
    "nl": "de het een en of van te in is zijn worden voor met op bij uit dit dat u uw wij niet mag moet kan als wordt naar",
}
_KNOWN = {language: frozenset(word for word in words.split() if len(word) > 1) for language, words in _COMMON.items()}
_LETTERS = {"de": "äöüß", "fr": "çèêœ", "es": "ñ", "pt": "ãõç"}
"""Letters that others of the seven hardly have; a word with one counts like a common word, unless it may be a name: Zürich, São Paulo."""
_SMALL = {
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "fr": "deux trois quatre cinq six sept huit neuf dix onze douze",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "pt": "dois três quatro cinco seis sete oito nove dez onze doze",
    "it": "due tre quattro cinque sei sette otto nove dieci undici dodici",
    "nl": "twee drie vier vijf zes zeven acht negen tien elf twaalf",
}
_NUMBERS = {language: {word: str(n) for n, word in enumerate(words.split(), start=2)} for language, words in _SMALL.items()}
_WORD = re.compile(r"[^\W\d_]+")
_FEWEST: Final = 2  # of the commonest words, single letters left out
_MARGIN: Final = 2  # times the English words of a text that is in another language
OTHER_SCRIPT: Final = "other script"
"""What `language` says of a text that is mostly written in no Latin letters."""


def language(text: str) -> str | None:
    """The language whose commonest words make up most of `text`; None if that is not clear.

    Another one than English only if it has twice as many words that English has not as the other way round: `per` and `do as no` are
    English too, and what is taken for foreign is held against its sources by little.
    """
    words = _WORD.findall(text)
    if sum(len(word) for word in words if min(word.lower()) > "\u024f") * 2 > sum(map(len, words)):
        return OTHER_SCRIPT
    counts = sorted(((len(_of(words, name)), name) for name in _KNOWN if name != "en"), reverse=True)
    (most, name), (second, _) = counts[:2]
    english, foreign = _of(words, "en"), _of(words, name)
    if len(english) >= _FEWEST and len(english) > most:
        return "en"
    alone = len(foreign - english)
    is_clear = most > second and alone >= _FEWEST and alone > _MARGIN * len(english - foreign)
    return name if is_clear else None


def _of(words: Sequence[str], language: str) -> frozenset[int]:
    """The places of those of `words` that `language` has."""
    known, letters = _KNOWN[language], frozenset(_LETTERS.get(language, ""))
    return frozenset(n for n, word in enumerate(words) if word.lower() in known or (word.islower() and not letters.isdisjoint(word)))


def small_numbers(text: str, language: str) -> frozenset[str]:
    """The numbers from 2 to 12 that `text` writes in words, in digits; none in English, which `bot.evidence` knows itself."""
    known = _NUMBERS.get(language, {})
    return frozenset(known[word] for word in _WORD.findall(text.lower()) if word in known)
