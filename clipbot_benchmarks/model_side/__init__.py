"""What needs torch, transformers or matplotlib; `clipbot_benchmarks.runner` runs it as a child.

pictures, checkpoints       the photos, labels and checkpoint of the benchmark
reference                   the checkpoint as transformers runs it, and the answers that it gives
interleaving                rounds in which every case runs once; medians with their spread
baselines, runtimes         the notebook and the pipeline; image towers in other runtimes
engine_cases                clipbot's engine, its stages, and the cost of labels
gpu, machine                what a GPU does; what all figures depend on
model_benchmark             all of these in one process
"""
