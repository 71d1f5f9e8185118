"""Build the demo model: draw the data, train, calibrate, export."""

import argparse
import time
import zlib
from typing import Final

import torch

from training import samples
from training.batching import maker as batching
from training.batching import pools
from training.captions import common_words
from training.captions.art_captions import ArtCaptions
from training.captions.corpus import corpus
from training.captions.meanings import find_meanings
from training.drawing import painting
from training.emoji import artwork
from training.emoji import concepts as concept_data
from training.learning import locked_image_tuning
from training.learning.data_parallel import DataParallelGroup
from training.learning.schedule import Schedule
from training.learning.trainer import Trainer
from training.measuring import calibration, report
from training.measuring.artwork_evaluation import ArtworkEvaluation
from training.model import architecture, export
from training.model import tokenizer as tokenizers
from training.words.language import Language

# Part of the time in which both encoders learn; after it, the text encoder learns alone.
_BOTH_ENCODERS: Final = 0.82
_BANK: Final = 32_000  # pictures from which the text encoder learns then
_TUNING: Final = batching.Mixture(pictures=256, other_captions=384, neutral=16, mistyped=0.45)


def prepare(arguments: argparse.Namespace) -> None:
    """Draw and render all data once, before the processes start."""
    folder = arguments.cache / "tokenizer"
    if not folder.exists():
        tokenizers.learn(corpus(arguments.cache, arguments.seed)).save_pretrained(folder)
    artwork.load(concept_data.load(arguments.cache), arguments.cache)
    pools.scene_pool(arguments.scenes, arguments.seed, arguments.cache)
    pools.ground_pool(arguments.grounds, arguments.seed, arguments.cache)


def _schedule(arguments: argparse.Namespace) -> Schedule:
    if arguments.device == "cpu":
        return Schedule(arguments.steps)
    # A GPU encodes all patches in the time that it takes for some of them.
    return Schedule(arguments.steps, patches=((1.0, 1.0),))


def rebuild(group: DataParallelGroup, arguments: argparse.Namespace) -> None:
    """Train, measure and export, as one process of a group."""
    torch.manual_seed(arguments.seed)
    # A model to start from comes with its own tokenizer.
    tokenizer = tokenizers.load(arguments.start or arguments.cache / "tokenizer")
    concepts = concept_data.load(arguments.cache)
    meanings = find_meanings(concepts)
    drawings = artwork.load(concepts, arguments.cache)
    held_out = artwork.validation_split(drawings)
    data = (
        pools.scene_pool(arguments.scenes, arguments.seed, arguments.cache),
        pools.ground_pool(arguments.grounds, arguments.seed, arguments.cache),
        batching.ArtworkPool(
            drawings.subset(~held_out),
            concepts,
            ArtCaptions(concepts, meanings, common_words.load(meanings, arguments.cache)),
        ),
    )
    count = arguments.batch // group.size
    # More pictures need more wrong captions. Captions that belong to no picture cost little.
    mixture = batching.Mixture(
        pictures=count, other_captions=max(96, count // 2), neutral=max(8, count // 24)
    )
    seed = zlib.crc32(f"{arguments.run} {arguments.seed}".encode())
    maker = batching.BatchMaker(*data, tokenizer, mixture, seed)
    model = architecture.new_model(tokenizer, arguments.start)
    if arguments.start is None:
        examples = [painting.paint(maker.pictures(-1 - at)[0]).pixels for at in range(8)]
        architecture.whiten(model, torch.cat(examples))
    trainer = Trainer(
        model,
        maker,
        _schedule(arguments),
        arguments.cache / f"{arguments.run}.pt",
        torch.from_numpy(meanings.matrix()),
        torch.from_numpy(concept_data.families(concepts)),
        torch.device(arguments.device),
        group,
        arguments.workers,
    )
    evaluation = ArtworkEvaluation(tokenizer, concepts, meanings, drawings.subset(held_out))
    if arguments.start is not None:
        names = [concept.names[Language.ENGLISH][0] for concept in concepts]
        ids = tokenizers.token_ids(tokenizer, names).to(arguments.device)
        trainer.start_prototypes(architecture.text_features(model, ids))
    if arguments.rewind is not None:
        trainer.rewind(arguments.rewind)
    start, allowed = time.time(), 60 * arguments.minutes if arguments.minutes else None
    both_until = None if allowed is None else start + _BOTH_ENCODERS * allowed
    trainer.run(until=both_until, every=max(1000, arguments.steps // 4), report=evaluation.report)
    if trainer.text_progress < 1:
        encoder = trainer.averaged()
        if group.is_leader:
            evaluation.report(encoder, trainer.step)
        torch.nn.Module.to(encoder, torch.device(arguments.device))
        batches = _BANK // group.size // mixture.pictures
        bank = locked_image_tuning.FeatureBank.encode(
            encoder, maker, batches, group.rank * batches, trainer.workers
        )
        locked_image_tuning.tune(
            trainer,
            maker.with_mixture(_TUNING),
            bank,
            arguments.text_steps,
            _TUNING.pictures,
            None if allowed is None else start + allowed,
        )
    if not group.is_leader:
        return
    final = trainer.averaged()
    evaluation.report(final, trainer.step)
    calibration.apply(final, evaluation.temperature(final))
    if not arguments.no_export:
        size = export.export(final, tokenizer)
        samples.write(export.DEMO_MODEL / "samples", arguments.cache)
        print(f"exported {size / 1e6:.2f} MB to {export.DEMO_MODEL}")
        report.print_table(export.DEMO_MODEL, arguments.cache)
