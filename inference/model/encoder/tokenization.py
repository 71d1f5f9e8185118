"""Texts → token ids → arrays of equal length, as the checkpoint's own tokenizer does it."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from inference.model.encoder.preprocessing import Inputs

# Of one text, from its first to its last special token.
Tokens = tuple[int, ...]


def keep_to_one_thread() -> None:
    """Before the first text is split: threads for a few short labels wake up later than it ends."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def lower_case_as_trained(tokenizer: Any, family: str) -> None:
    """Has SigLIP 2's tokenizer lower-case texts, as they were when it was trained.

    Its checkpoints of fixed size call themselves `siglip` and name Gemma's tokenizer, which keeps
    case. Changes nothing for others: those of NaFlex get `Siglip2Tokenizer` from transformers,
    which does this, and those of SigLIP 1 lower-case by themselves.

    Args:
        tokenizer: of transformers.
        family: the model's `model_type`.

    Source: https://github.com/google-research/big_vision/issues/187
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if family != "siglip" or backend is None or not _is_gemmas(tokenizer):
        return
    from tokenizers.normalizers import Lowercase, Sequence

    own = backend.normalizer
    backend.normalizer = Lowercase() if own is None else Sequence([Lowercase(), own])


def _is_gemmas(tokenizer: Any) -> bool:
    """By its class, or, where it was saved under a general one, by what makes it Gemma's."""
    names = type(tokenizer).__name__, str(tokenizer.init_kwargs.get("tokenizer_class"))
    if any(name.startswith("Gemma") for name in names):
        return True
    falls_back = getattr(tokenizer.backend_tokenizer.model, "byte_fallback", False)
    first = tokenizer.convert_ids_to_tokens([0, 1, 2])
    return bool(falls_back) and first == ["<pad>", "<eos>", "<bos>"]


class Padding(msgspec.Struct, frozen=True):
    """How texts are cut and filled up.

    Attributes:
        max_tokens: longer texts are cut.
        to_max: whether shorter ones are filled up to that; else to the longest of the batch.
        token: what they are filled up with.
        left: on which side, instead of on the right.
        masked: whether the model is told by `attention_mask` which tokens are the text's own.
    """

    max_tokens: int
    to_max: bool
    token: int
    masked: bool
    left: bool = False


class Tokenizer:
    """For one thread at a time."""

    def __init__(
        self, encode: Callable[[Sequence[str]], list[list[int]]], filling: Padding
    ) -> None:
        """See `of` and `read`.

        Args:
            encode: ids of each text, already cut.
        """
        self.filling = filling
        self._encode = encode

    @classmethod
    def of(cls, tokenizer: Any, max_tokens: int, *, to_max: bool) -> "Tokenizer":
        """One of transformers.

        Raises:
            ValueError: it has no padding token, and the model would read what is put in its place.
        """
        masked = "attention_mask" in tokenizer.model_input_names
        if tokenizer.pad_token_id is None and not masked:
            raise ValueError("the tokenizer has no padding token")

        def encode(texts: Sequence[str]) -> list[list[int]]:
            encoded = tokenizer(list(texts), truncation=True, max_length=max_tokens, padding=False)
            ids: list[list[int]] = encoded["input_ids"]
            return ids

        filling = Padding(
            max_tokens=max_tokens,
            to_max=to_max,
            token=tokenizer.pad_token_id or 0,
            masked=masked,
            left=tokenizer.padding_side == "left",
        )
        return cls(encode, filling)

    @classmethod
    def read(cls, file: Path, filling: Padding) -> "Tokenizer":
        """From a `tokenizer.json`, without transformers.

        Raises:
            ValueError: the file is missing or damaged.
        """
        keep_to_one_thread()
        from tokenizers import Tokenizer as Backend

        try:
            backend = Backend.from_file(str(file))
        except Exception as error:  # it knows no other
            raise ValueError(f"{file.name}: {error}") from error
        backend.no_padding()
        backend.enable_truncation(filling.max_tokens)
        return cls(lambda texts: [e.ids for e in backend.encode_batch(list(texts))], filling)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Each text's ids, cut at the model's context, not filled up."""
        return [tuple(ids) for ids in self._encode(texts)]

    def batch(self, texts: Sequence[Tokens]) -> Inputs:
        """`input_ids` and maybe `attention_mask`, both int64 [texts, length]."""
        filling = self.filling
        length = filling.max_tokens if filling.to_max else max(map(len, texts))
        ids = np.full((len(texts), length), filling.token, np.int64)
        mask = np.zeros((len(texts), length), np.int64)
        for row, text in enumerate(texts):
            place = slice(length - len(text), None) if filling.left else slice(0, len(text))
            ids[row, place] = text
            mask[row, place] = 1
        return {"input_ids": ids, "attention_mask": mask} if filling.masked else {"input_ids": ids}
