"""Texts → token ids → arrays of equal length, exactly as the checkpoint's own tokenizer does it."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from inference.model.encoder.preprocessing import Inputs

# The token ids of one text, with its special tokens at both ends.
Tokens = tuple[int, ...]


def use_one_thread() -> None:
    """Make the library tokenizers use one thread. Must run before it tokenizes its first text.

    Tokenizing a few labels takes less time than waking the library's thread pool.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def lower_case_as_trained(tokenizer: Any, family: str) -> None:
    """Make SigLIP 2's tokenizer lower-case texts, as they were when the model was trained.

    Its checkpoints of fixed size call themselves `siglip` and name Gemma's tokenizer, which keeps
    case. Other tokenizers are not changed: transformers gives NaFlex checkpoints a
    `Siglip2Tokenizer`, which lower-cases, and the tokenizers of SigLIP 1 do so themselves.

    Args:
        tokenizer: of transformers.
        family: the model's `model_type`.

    Source: https://github.com/google-research/big_vision/issues/187
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if family != "siglip" or backend is None or not _is_gemma(tokenizer):
        return
    from tokenizers.normalizers import Lowercase, Sequence

    own = backend.normalizer
    backend.normalizer = Lowercase() if own is None else Sequence([Lowercase(), own])


def _is_gemma(tokenizer: Any) -> bool:
    """Return whether a tokenizer is Gemma's, by its class or by its first tokens.

    A tokenizer that was saved under a general class name still has Gemma's first tokens and its
    byte fallback.
    """
    names = type(tokenizer).__name__, str(tokenizer.init_kwargs.get("tokenizer_class"))
    if any(name.startswith("Gemma") for name in names):
        return True
    falls_back = getattr(tokenizer.backend_tokenizer.model, "byte_fallback", False)
    first = tokenizer.convert_ids_to_tokens([0, 1, 2])
    return bool(falls_back) and first == ["<pad>", "<eos>", "<bos>"]


class Padding(msgspec.Struct, frozen=True):
    """How texts are cut and padded.

    Attributes:
        max_tokens: longer texts are cut to this length.
        to_max: whether shorter texts are padded to `max_tokens`; otherwise to the longest of the
            batch.
        token: id of the padding token.
        has_mask: whether the model gets an `attention_mask`, which tells text from padding.
        left: whether the padding is on the left instead of the right.
    """

    max_tokens: int
    to_max: bool
    token: int
    has_mask: bool = msgspec.field(name="masked")
    left: bool = False


class Tokenizer:
    """Turns texts into the model's input. One thread at a time."""

    def __init__(
        self, encode: Callable[[Sequence[str]], list[list[int]]], padding: Padding
    ) -> None:
        """See `of` and `read`.

        Args:
            encode: returns the token ids of each text, already cut.
        """
        self.padding = padding
        self._encode = encode

    @classmethod
    def of(cls, tokenizer: Any, max_tokens: int, *, to_max: bool) -> "Tokenizer":
        """Return a tokenizer with the same tokens as a tokenizer of transformers.

        Args:
            max_tokens: longer texts are cut to this length.
            to_max: whether shorter texts are padded to that length.

        Raises:
            ValueError: the tokenizer has no padding token, and the model gets no mask, so that it
                would read whatever stands in place of padding.
        """
        has_mask = "attention_mask" in tokenizer.model_input_names
        if tokenizer.pad_token_id is None and not has_mask:
            raise ValueError("the tokenizer has no padding token")

        def encode(texts: Sequence[str]) -> list[list[int]]:
            encoded = tokenizer(list(texts), truncation=True, max_length=max_tokens, padding=False)
            ids: list[list[int]] = encoded["input_ids"]
            return ids

        padding = Padding(
            max_tokens=max_tokens,
            to_max=to_max,
            token=tokenizer.pad_token_id or 0,
            has_mask=has_mask,
            left=tokenizer.padding_side == "left",
        )
        return cls(encode, padding)

    @classmethod
    def read(cls, file: Path, padding: Padding) -> "Tokenizer":
        """Return the tokenizer of a `tokenizer.json`, read without transformers.

        Raises:
            ValueError: the file is missing or damaged.
        """
        use_one_thread()
        from tokenizers import Tokenizer as Backend

        try:
            backend = Backend.from_file(str(file))
        except Exception as error:  # the library raises nothing more precise
            raise ValueError(f"{file.name}: {error}") from error
        backend.no_padding()
        backend.enable_truncation(padding.max_tokens)
        return cls(lambda texts: [e.ids for e in backend.encode_batch(list(texts))], padding)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the token ids of each text, cut at `padding.max_tokens` and not padded."""
        return [tuple(ids) for ids in self._encode(texts)]

    def batch(self, texts: Sequence[Tokens]) -> Inputs:
        """Return `input_ids` and perhaps `attention_mask`, both int64 [texts, length]."""
        padding = self.padding
        length = padding.max_tokens if padding.to_max else max(map(len, texts))
        ids = np.full((len(texts), length), padding.token, np.int64)
        mask = np.zeros((len(texts), length), np.int64)
        for row, text in enumerate(texts):
            own = slice(length - len(text), None) if padding.left else slice(0, len(text))
            ids[row, own] = text
            mask[row, own] = 1
        return (
            {"input_ids": ids, "attention_mask": mask} if padding.has_mask else {"input_ids": ids}
        )
