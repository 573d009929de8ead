# Two targets: `docker build --target web .` and `docker build --target evaluator .`

FROM python:3.11-slim AS web
# Typefaces for the pictures of pages, in scripts that Gradio's own does not have.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-core fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir --no-deps -r requirements.txt
COPY app.py ./
COPY submissions submissions
COPY leaderboard leaderboard
COPY docs docs
# The Hub runs its Spaces as user 1000, whatever the image says.
RUN useradd --create-home --uid 1000 arena && mkdir /data && chown arena /data
USER arena
ENV HOST=0.0.0.0 PORT=7860 ARENA=/data/arena HF_HOME=/data/huggingface SPOOL=/data/spool
EXPOSE 7860
CMD ["python", "app.py"]

FROM python:3.11-slim AS evaluator
# g++: Triton compiles a launcher for each kernel when it is first used, and DeepSpeed, on a machine without GPUs, an
#   extension; ninja does it. tini: takes up what killed trainers and engines leave, where the container has no --init.
# wget: by which KubeRay asks a node how it is.
# No CUDA toolkit: its libraries come with torch's wheels. DeepSpeed 0.19.8 probes each of its operators on import, and one
#   that finds no nvcc counts as not compatible; ours is PyTorch's AdamW, which needs none of them.
RUN apt-get update && apt-get install -y --no-install-recommends g++ ninja-build tini wget && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY evaluator/requirements-gpu.txt .
RUN pip install --no-cache-dir --no-deps -r requirements-gpu.txt
COPY submissions submissions
COPY evaluator evaluator
COPY prompts prompts
COPY curation curation
# /work is to outlive the container: finished stages, base weights, logs. Every node of a cluster has the same.
RUN useradd --create-home --uid 1000 arena && mkdir /work && chown arena /work
USER arena
# PYTHONPATH: what is started in /work, and by Ray elsewhere, finds us. Nothing that we use reports home.
ENV PYTHONPATH=/srv HF_HOME=/work/huggingface RAY_USAGE_STATS_ENABLED=0 VLLM_NO_USAGE_STATS=1
WORKDIR /work
VOLUME /work
ENTRYPOINT ["tini", "--", "python", "-m", "evaluator"]
