"""The tokenizer encodes any text, and transformers reads the same one from the shipped files."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from training.model import tokenizer
from training.model.export import DEMO_MODEL

TOKENIZER = tokenizer.load(DEMO_MODEL)


def squeezed(text: str) -> str:
    """Return the text without white space, which the tokenizer does not keep."""
    return "".join(unicodedata.normalize("NFC", text).lower().split())


# Without characters that this Python's Unicode lacks (Cn): the tokenizer may know a newer Unicode,
# and lower some of them.
TYPED = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn", "Zs", "Zl", "Zp"])


@given(st.text(TYPED, max_size=30))
def test_decoding_returns_any_text(text: str) -> None:
    if "<|" in text or "</w>" in text:
        return
    ids = TOKENIZER(text)["input_ids"]
    assert squeezed(str(TOKENIZER.decode(ids, skip_special_tokens=True))) == squeezed(text)


@given(st.text(max_size=60))
def test_any_text_has_a_start_an_end_and_no_unknown_word(text: str) -> None:
    ids = TOKENIZER(text)["input_ids"]
    assert ids[0] == TOKENIZER.bos_token_id
    assert ids[-1] == TOKENIZER.eos_token_id
    if "<|" not in text:
        assert TOKENIZER.eos_token_id not in ids[:-1]


def test_usual_words_are_one_token() -> None:
    assert TOKENIZER.tokenize("a red circle") == ["a</w>", "red</w>", "circle</w>"]


def test_capitals_make_no_difference() -> None:
    assert TOKENIZER("A RED Circle")["input_ids"] == TOKENIZER("a red circle")["input_ids"]


def test_a_learnt_vocabulary_has_all_bytes_and_their_ends_of_word() -> None:
    learnt = tokenizer.learn(["a red circle", "a blue square"] * 3, vocabulary=600)
    vocabulary = learnt.get_vocab()
    single = [token for token in vocabulary if len(token.removesuffix("</w>")) == 1]
    assert len(single) == 512
    assert learnt.eos_token_id == len(vocabulary) - 1
    assert learnt.pad_token_id == learnt.eos_token_id


def test_auto_tokenizer_reads_the_same_tokenizer() -> None:
    auto = AutoTokenizer.from_pretrained(DEMO_MODEL)
    text = "Una estrella roja, 3 árboles & 😀"
    assert auto(text)["input_ids"] == TOKENIZER(text)["input_ids"]
