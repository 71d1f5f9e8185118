# The CLIP side. Build from the repository's root:
#   docker build -f docker/worker.Dockerfile -t clipbot-worker .                       CPU
#   docker build -f docker/worker.Dockerfile -t clipbot-worker:gpu \
#     --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130 --build-arg EXTRAS=worker,gpu .
FROM python:3.12-slim AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG EXTRAS=worker,fast
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot bot
COPY inference inference
COPY clipbot_playground clipbot_playground
COPY clipbot_benchmarks clipbot_benchmarks
# torch and torchvision come first and from their own index, so that their builds match.
RUN python -m venv /clipbot \
 && /clipbot/bin/pip install --no-cache-dir -c constraints.txt --index-url "$TORCH_INDEX" torch \
 && case "$EXTRAS" in *gpu*) \
    /clipbot/bin/pip install --no-cache-dir -c constraints.txt --index-url "$TORCH_INDEX" torchvision ;; \
  esac \
 && /clipbot/bin/pip install --no-cache-dir -c constraints.txt ".[$EXTRAS]"

FROM python:3.12-slim
# Fonts for labels in any script; libfribidi joins emoji sequences.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji libfribidi0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data clipbot \
 && install -d -o clipbot /data
COPY --from=build /clipbot /clipbot
USER 10001
WORKDIR /data
# The downloaded model and its export are kept here.
VOLUME /data
ENV PATH="/clipbot/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    HF_HOME=/data/huggingface \
    MPLCONFIGDIR=/tmp/matplotlib \
    METRICS_PORT=9101
EXPOSE 9101
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9101/healthz', timeout=4)"]
CMD ["clipbot", "worker"]
