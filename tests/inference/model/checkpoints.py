"""Checkpoints with random weights: real architectures of tiny or real size.

Each function writes a folder that `CLIP_MODEL` can name, and returns it. The weights are seeded:
the same call makes the same model. `tiny_clip` takes a fraction of a second; its answers mean
nothing, but it runs the same code as a real checkpoint.
"""

import gzip
import io
import string
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    AlignConfig,
    AlignModel,
    AlignProcessor,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPProcessor,
    CLIPTokenizer,
    EfficientNetImageProcessorPil,
    GemmaTokenizer,
    PreTrainedTokenizerFast,
    Siglip2Config,
    Siglip2ImageProcessorPil,
    Siglip2Model,
    Siglip2Processor,
    Siglip2Tokenizer,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    SiglipProcessor,
    SiglipTokenizer,
)

# openai/CLIP's merges. They are not part of this repository; tests use them if they lie beside it.
CLIP_VOCABULARY = Path(__file__).parents[4] / "shared" / "clip-bpe" / "bpe_simple_vocab_16e6.txt.gz"

_START, _END = "<|startoftext|>", "<|endoftext|>"


def tiny_clip(folder: Path, **vision: Any) -> Path:
    """CLIP for images of 32 x 32 pixels, with a token for each letter."""
    tokenizer = _clip_tokenizer(_letters(), [])
    end = tokenizer.convert_tokens_to_ids(_END)
    config = CLIPConfig(
        text_config={
            **_TINY,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 77,
            "bos_token_id": tokenizer.convert_tokens_to_ids(_START),
            "eos_token_id": end,
            "pad_token_id": end,
        },
        vision_config={**_TINY, "image_size": 32, "patch_size": 8, **vision},
        projection_dim=16,
    )
    processor = CLIPProcessor(  # type: ignore[no-untyped-call]
        CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        tokenizer,
    )
    return _save(folder, CLIPModel, config, processor)


def clip_vit_b_32(folder: Path) -> Path:
    """The shape of openai/clip-vit-base-patch32 with CLIP's own vocabulary: 600 MB on disk.

    Raises:
        FileNotFoundError: `CLIP_VOCABULARY` is not there.
    """
    with gzip.open(CLIP_VOCABULARY, "rt", encoding="utf-8") as file:
        # 49,152 entries: 256 bytes, 256 bytes with </w>, the merges, two special tokens
        merges = [line.rstrip("\n") for line in list(file)[1 : 49152 - 256 - 2 + 1]]
    letters = list(_bytes_to_unicode().values())
    words = [*letters, *(letter + "</w>" for letter in letters)]
    words += [merge.replace(" ", "") for merge in merges]
    words += [_START, _END]
    vocabulary = {word: i for i, word in enumerate(words)}
    tokenizer = _clip_tokenizer(vocabulary, [tuple(merge.split(" ")) for merge in merges])
    config = CLIPConfig(  # the defaults of transformers are those of ViT-B/32
        text_config={"bos_token_id": 49406, "eos_token_id": 49407, "pad_token_id": 49407},
    )
    return _save(folder, CLIPModel, config, CLIPProcessor(CLIPImageProcessorPil(), tokenizer))  # type: ignore[no-untyped-call]


def tiny_siglip(folder: Path) -> Path:
    """SigLIP: sigmoid scores, texts padded to 64 tokens, with attention to the padding."""
    tokenizer = _word_tokenizer()
    config = SiglipConfig(
        text_config={**_TINY, **_text(tokenizer), "projection_size": 32},
        vision_config={**_TINY, "image_size": 32, "patch_size": 8},
    )
    images = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    return _save(folder, SiglipModel, config, SiglipProcessor(images, tokenizer))  # type: ignore[no-untyped-call]


def tiny_siglip_of_sentencepiece(folder: Path) -> Path:
    """SigLIP 1 in the form of its checkpoints: the tokenizer is a `spiece.model`, trained here."""
    import sentencepiece  # not at the top: no other checkpoint needs it

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([string.ascii_lowercase, "a photo of a cat", "a dog", "un perro"]),
        model_writer=model,
        vocab_size=48,
        hard_vocab_limit=False,
        add_dummy_prefix=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spiece.model").write_bytes(model.getvalue())
    tokenizer = SiglipTokenizer(str(folder / "spiece.model"), model_max_length=64)
    config = SiglipConfig(
        text_config={**_TINY, "vocab_size": len(tokenizer), "projection_size": 32},
        vision_config={**_TINY, "image_size": 32, "patch_size": 8},
    )
    images = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    return _save(folder, SiglipModel, config, SiglipProcessor(images, tokenizer))  # type: ignore[no-untyped-call]


def tiny_siglip2_of_fixed_size(folder: Path, tokenizer: Any = None) -> Path:
    """SigLIP 2 in the form of its checkpoints: the type is `siglip`, the tokenizer Gemma's."""
    letters = "abcdefghijklmnopqrstuvwxyzñABCDEFGHIJKLMNOPQRSTUVWXYZÑ"
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *letters]
    tokenizer = tokenizer or GemmaTokenizer(
        vocab={word: i for i, word in enumerate(words)},
        merges=[],
        add_bos_token=False,
        add_eos_token=True,
        padding_side="right",
        model_max_length=64,
        model_input_names=["input_ids"],
    )
    config = SiglipConfig(
        text_config={**_TINY, **_text(tokenizer), "projection_size": 32},
        vision_config={**_TINY, "image_size": 32, "patch_size": 8},
    )
    images = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    return _save(folder, SiglipModel, config, SiglipProcessor(images, tokenizer))  # type: ignore[no-untyped-call]


def tiny_siglip2(folder: Path) -> Path:
    """SigLIP 2 NaFlex: images keep their shape, as at most 256 patches of 16 x 16 pixels."""
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = Siglip2Tokenizer(
        vocab={word: i for i, word in enumerate(words)},
        merges=[],
        padding_side="right",
        model_max_length=64,
        model_input_names=["input_ids"],
    )
    config = Siglip2Config(
        text_config={**_TINY, **_text(tokenizer), "projection_size": 32},
        vision_config={**_TINY, "patch_size": 16, "num_patches": 256},
    )
    images = Siglip2ImageProcessorPil(patch_size=16, max_num_patches=256)
    return _save(folder, Siglip2Model, config, Siglip2Processor(images, tokenizer))  # type: ignore[no-untyped-call]


def tiny_align(folder: Path) -> Path:
    """ALIGN: EfficientNet and BERT, with a temperature instead of a logit scale."""
    tokenizer = _word_tokenizer(with_mask=True)
    config = AlignConfig(
        text_config={**_TINY, **_text(tokenizer)},
        vision_config={
            "image_size": 32,
            "hidden_dim": 16,
            "kernel_sizes": [3, 3],
            "in_channels": [32, 16],
            "out_channels": [16, 24],
            "strides": [1, 2],
            "num_block_repeats": [1, 1],
            "expand_ratios": [1, 6],
            "depthwise_padding": [],
            "width_coefficient": 1.0,
            "depth_coefficient": 1.0,
        },
        projection_dim=24,
        temperature_init_value=0.01,
    )
    images = EfficientNetImageProcessorPil(
        size={"height": 32, "width": 32}, do_center_crop=False, rescale_offset=False
    )
    return _save(folder, AlignModel, config, AlignProcessor(images, tokenizer))  # type: ignore[no-untyped-call]


def use_pickle(folder: Path, content: Any) -> None:
    """Replace a checkpoint's weights by a pickle file with any content."""
    (folder / "model.safetensors").unlink()
    torch.save(content, folder / "pytorch_model.bin")


_TINY: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


def _text(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 64,
        "bos_token_id": tokenizer.convert_tokens_to_ids("<bos>"),
        "eos_token_id": tokenizer.convert_tokens_to_ids("<eos>"),
        "pad_token_id": tokenizer.convert_tokens_to_ids("<pad>"),
    }


def _save(folder: Path, kind: Any, config: Any, processor: Any) -> Path:
    torch.manual_seed(7)
    model = kind(config)
    with torch.no_grad():
        # SigLIP starts with 0 for both, which would hide a missing scale or bias.
        if hasattr(model, "logit_bias"):
            model.logit_scale.fill_(2.3)
            model.logit_bias.fill_(-1.7)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _clip_tokenizer(vocabulary: dict[str, int], merges: Any) -> Any:
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)


def _letters() -> dict[str, int]:
    letters = list(_bytes_to_unicode().values())
    words = [*letters, *(letter + "</w>" for letter in letters), _START, _END]
    return {word: i for i, word in enumerate(words)}


def _word_tokenizer(*, with_mask: bool = False) -> Any:
    """Return a tokenizer of lower-case bytes with end and padding tokens.

    Args:
        with_mask: whether it gives an attention mask, which SigLIP's own does not.
    """
    words = ["<pad>", "<eos>", "<bos>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    backend = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, []))
    backend.normalizer = normalizers.Lowercase()
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.post_processor = processors.TemplateProcessing(
        single="$A <eos>", special_tokens=[("<eos>", 1)]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        model_max_length=64,
        model_input_names=["input_ids", "attention_mask"] if with_mask else ["input_ids"],
    )


def _bytes_to_unicode() -> dict[int, str]:
    """Return GPT-2's printable character for each byte, in the order of CLIP's vocabulary."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + i) for i, byte in enumerate(others)
    }
