"""Names of contestants, for those who measure and those who read figures."""

NOTEBOOK = "notebook"
PIPELINE = "pipeline"

TORCH_FLOAT32 = "torch float32"

RAW = "raw"
IMAGES = "decoded images"
JPEG = "JPEG bytes"

DECODE = "decode 800 × 600"
DECODE_FETCHED = "decode what the bot fetches"
PREPROCESS = "preprocess"
CHART = "chart"
