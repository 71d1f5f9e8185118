# The chat side, without torch. Build from the repository's root:
#   docker build -f docker/bot.Dockerfile -t clipbot-bot .
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot bot
COPY inference inference
COPY clipbot_playground clipbot_playground
COPY clipbot_benchmarks clipbot_benchmarks
# The bot needs only inference.protocol: the demo model stays out.
RUN rm -rf inference/demo_model \
 && python -m venv /clipbot \
 && /clipbot/bin/pip install --no-cache-dir -c constraints.txt ".[postgres]"

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /data clipbot \
 && install -d -o clipbot /data
COPY --from=build /clipbot /clipbot
USER 10001
WORKDIR /data
VOLUME /data
ENV PATH="/clipbot/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    WEBHOOK_LISTEN=0.0.0.0 \
    METRICS_PORT=9100
EXPOSE 8443 9100
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9100/healthz', timeout=4)"]
# After SIGTERM it finishes its current work: give it 30 s, as compose.yaml does.
CMD ["clipbot", "run"]
