"""The CLIP side of clipbot: jobs in, probabilities and charts out. Knows no chat platform.

`contract`, `errors`, `queue`, `settings` and `logs` are light and shared with the bot;
everything else may import torch, transformers, Pillow and matplotlib.
"""

import os

# NumPy reads this when it is imported. It multiplies small matrices here: after one of 16 pictures
# and 96 texts, which takes 0.2 ms, a second thread would spin for a tenth of a second.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
