"""The CLIP side of clipbot: jobs in, probabilities and charts out. It knows no chat platform.

The bot uses only `inference.protocol`, which imports no heavy library. The other packages import
torch, transformers, Pillow and matplotlib.
"""

import os

# NumPy reads this when it is imported. It multiplies small matrices here: a product for 16 pictures
# and 96 texts takes 0.2 ms, and after it a second thread would busy-wait for a tenth of a second.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
