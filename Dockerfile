# Two targets: `docker build --target web .` and `docker build --target evaluator .`

# `make image-digest` adds the digest of today's image, so that every build has the same base.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS web
# Fonts for preview images, for scripts that the bundled fonts do not cover.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-core fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt
COPY app.py ./
COPY submissions submissions
COPY leaderboard leaderboard
COPY docs docs
# The Hub runs Spaces as user 1000, regardless of the image.
RUN useradd --create-home --uid 1000 arena && mkdir /data && chown arena /data
USER arena
ENV HOST=0.0.0.0 PORT=7860 ARENA=/data/arena HF_HOME=/data/huggingface SPOOL=/data/spool
EXPOSE 7860
# The process answers: /healthz reads nothing of the arena, so that an unreachable Hub restarts no container.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "import http.client, os, sys; site = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); site.request('GET', '/healthz'); sys.exit(site.getresponse().status != 200)"]
CMD ["python", "app.py"]

FROM ${PYTHON_IMAGE} AS evaluator
# g++ and ninja: Triton compiles a launcher for each kernel at first use, and DeepSpeed an extension on machines without GPUs.
# tini: reaps orphaned processes of killed trainers and engines where the container runs without --init.
# wget: used by KubeRay's health checks.
# No CUDA toolkit: torch's wheels include its libraries. DeepSpeed 0.19.8 probes its operators on import and marks those
#   that need nvcc as incompatible; the optimizer is PyTorch's AdamW, which needs none of them.
RUN apt-get update && apt-get install -y --no-install-recommends g++ ninja-build tini wget && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY evaluator/requirements-gpu.txt .
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements-gpu.txt
COPY submissions submissions
COPY evaluator evaluator
COPY prompts prompts
COPY curation curation
# /work outlives the container: finished stages, base weights, logs. All nodes of a cluster share it.
RUN useradd --create-home --uid 1000 arena && mkdir /work && chown arena /work
USER arena
# PYTHONPATH: processes started in /work, and by Ray elsewhere, find the code. Usage statistics are switched off.
ENV PYTHONPATH=/srv HF_HOME=/work/huggingface RAY_USAGE_STATS_ENABLED=0 VLLM_NO_USAGE_STATS=1
WORKDIR /work
VOLUME /work
ENTRYPOINT ["tini", "--", "python", "-m", "evaluator"]
