"""From data to the package's files: draw, train, calibrate, export."""

import argparse
import time
import zlib
from typing import Final

import torch

from training import samples
from training.batching import maker as batches
from training.batching import pools as pictures
from training.captions import art_captions, common_words
from training.captions import corpus as texts
from training.drawing import painting
from training.emoji import artwork, concepts
from training.learning import locked_image_tuning as locked
from training.learning.data_parallel import Team
from training.learning.trainer import Schedule, Trainer
from training.measuring import art_questions as exam
from training.measuring import calibration as calibrate
from training.measuring import report
from training.model import architecture as model
from training.model import export, tokenizer
from training.words.lexicon import Language

# Part of the time in which both towers learn; after that the text tower learns alone.
_BOTH_TOWERS: Final = 0.82
_BANK: Final = 32_000  # pictures that it learns by
_TEXTS: Final = batches.Mixture(pictures=256, spoken=384, neutral=16, mistyped=0.45)


def prepare(arguments: argparse.Namespace) -> None:
    """Draw and render everything once, before the processes start."""
    folder = arguments.cache / "tokenizer"
    if not folder.exists():
        tokenizer.learn(texts.corpus(arguments.cache, arguments.seed)).save_pretrained(folder)
    artwork.load(concepts.load(arguments.cache), arguments.cache)
    pictures.scene_pool(arguments.scenes, arguments.seed, arguments.cache)
    pictures.ground_pool(arguments.grounds, arguments.seed, arguments.cache)


def _schedule(arguments: argparse.Namespace) -> Schedule:
    if arguments.device == "cpu":
        return Schedule(arguments.steps)
    # A GPU sees all patches in as little time as some of them.
    return Schedule(arguments.steps, patches=((1.0, 1.0),))


def rebuild(team: Team, arguments: argparse.Namespace) -> None:
    """Train, measure and export, as one of a team."""
    torch.manual_seed(arguments.seed)
    # A model that is gone on with has its own words.
    words = tokenizer.load(arguments.start or arguments.cache / "tokenizer")
    known = concepts.load(arguments.cache)
    meanings = concepts.meanings(known)
    drawings = artwork.load(known, arguments.cache)
    kept_back = artwork.validation_split(drawings)
    pools = (
        pictures.scene_pool(arguments.scenes, arguments.seed, arguments.cache),
        pictures.ground_pool(arguments.grounds, arguments.seed, arguments.cache),
        batches.Art(
            drawings.subset(~kept_back),
            known,
            art_captions.ArtCaptions(known, meanings, common_words.load(meanings, arguments.cache)),
        ),
    )
    count = arguments.batch // team.size
    # Phrases that no picture belongs to cost little, and those of many pictures want more rivals.
    mixture = batches.Mixture(
        pictures=count, spoken=max(96, count // 2), neutral=max(8, count // 24)
    )
    seed = zlib.crc32(f"{arguments.run} {arguments.seed}".encode())
    maker = batches.BatchMaker(*pools, words, mixture, seed)
    start = model.new_model(words, arguments.start)
    if arguments.start is None:
        shown = [painting.paint(maker.shown(-1 - at)[0]).pixels for at in range(8)]
        model.whiten(start, torch.cat(shown))
    trainer = Trainer(
        start,
        maker,
        _schedule(arguments),
        arguments.cache / f"{arguments.run}.pt",
        torch.from_numpy(meanings.matrix()),
        torch.from_numpy(concepts.families(known)),
        torch.device(arguments.device),
        team,
        arguments.workers,
    )
    held_out = exam.Exam(words, known, meanings, drawings.subset(kept_back))
    if arguments.start is not None:
        names = [concept.names[Language.ENGLISH][0] for concept in known]
        ids = batches.token_ids(words, names).to(arguments.device)
        trainer.begin_prototypes(model.text_features(start, ids))
    if arguments.rewind is not None:
        trainer.rewind(arguments.rewind)
    began, allowed = time.time(), 60 * arguments.minutes if arguments.minutes else None
    both = None if allowed is None else began + _BOTH_TOWERS * allowed
    trainer.run(until=both, every=max(1000, arguments.steps // 4), report=held_out.report)
    if trainer.tuned < 1:
        looker = trainer.averaged()
        if team.leads:
            held_out.report(looker, trainer.step)
        torch.nn.Module.to(looker, torch.device(arguments.device))
        looks = _BANK // team.size // mixture.pictures
        bank = locked.Bank.of(looker, maker, looks, team.rank * looks, trainer.workers)
        locked.tune(
            trainer,
            maker.with_mixture(_TEXTS),
            bank,
            arguments.text_steps,
            _TEXTS.pictures,
            None if allowed is None else began + allowed,
        )
    if not team.leads:
        return
    final = trainer.averaged()
    held_out.report(final, trainer.step)
    calibrate.apply(final, held_out.temperature(final))
    if not arguments.no_export:
        size = export.export(final, words)
        samples.write(export.DEMO_MODEL / "samples", arguments.cache)
        print(f"exported {size / 1e6:.2f} MB to {export.DEMO_MODEL}")
        report.print_table(export.DEMO_MODEL, arguments.cache)
