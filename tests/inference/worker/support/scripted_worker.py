"""The real command `clipbot worker` with a scripted model, to run in its own process.

Files in the folder SCRIPT control it: while `hold` exists, model calls do not return; while
`loading` exists, the model is not loaded. A call creates the file `entered`.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from PIL.Image import Image

import inference.model.loading
import inference.protocol.broker.client
from inference.cli import worker
from inference.model.classifier import Classifier, ScriptedClassifier
from inference.protocol.settings import WorkerSettings

SCRIPT = Path(os.environ["SCRIPT"])


def wait_while(name: str) -> None:
    deadline = time.monotonic() + 60
    while (SCRIPT / name).exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def look(images: Sequence[Image]) -> None:
    (SCRIPT / "entered").touch()
    wait_while("hold")


def load(settings: WorkerSettings) -> Classifier:
    wait_while("loading")
    return ScriptedClassifier(on_call=look)


if __name__ == "__main__":
    inference.protocol.broker.client.ACK_WAIT = float(os.environ["ACK_WAIT"])
    inference.model.loading.load_engine = load
    worker()
