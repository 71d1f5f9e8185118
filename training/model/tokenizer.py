"""The demo model's tokenizer: CLIP's byte-level BPE, learnt from the texts of training.

It can encode any text, because the vocabulary holds all 256 bytes and their end-of-word forms, as
in openai/CLIP's `simple_tokenizer.py`.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch import Tensor
from transformers import CLIPTokenizer

VOCABULARY: Final = 4096  # ids
# Tokens, with start and end; longer texts are cut. The bot takes labels of up to 100 characters.
# OpenAI's CLIP has 77.
CONTEXT: Final = 48
START, END = "<|startoftext|>", "<|endoftext|>"
_END_OF_WORD: Final = "</w>"


def learn(texts: Iterable[str], vocabulary: int = VOCABULARY) -> CLIPTokenizer:
    """Learn merges from texts and build a tokenizer of at most `vocabulary` ids."""
    blank = CLIPTokenizer()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner = Tokenizer(models.BPE(end_of_word_suffix=_END_OF_WORD))
    learner.normalizer = blank.backend_tokenizer.normalizer
    learner.pre_tokenizer = blank.backend_tokenizer.pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        initial_alphabet=alphabet,
        end_of_word_suffix=_END_OF_WORD,
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    merges = [(a, b) for a, b in json.loads(learner.to_str())["model"]["merges"]]
    tokens = [*alphabet, *(byte + _END_OF_WORD for byte in alphabet)]
    kept: list[tuple[str, str]] = []
    seen = set(tokens)
    for left, right in merges:
        if len(tokens) + 2 >= vocabulary:
            break
        kept.append((left, right))
        if left + right not in seen:
            seen.add(left + right)
            tokens.append(left + right)
    vocab = {token: index for index, token in enumerate([*tokens, START, END])}
    return CLIPTokenizer(
        vocab=vocab,
        merges=kept,  # type: ignore[arg-type]  # it reads pairs from files too
        unk_token=END,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        model_max_length=CONTEXT,
    )


def load(folder: Path) -> CLIPTokenizer:
    """Return the tokenizer that is saved in a folder."""
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    assert isinstance(tokenizer, CLIPTokenizer)
    return tokenizer


def token_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Return ids [T, L]; each text is padded with the end token to the longest one."""
    encoded = tokenizer(texts, padding=True, truncation=True, max_length=CONTEXT)
    return torch.tensor(encoded["input_ids"])
