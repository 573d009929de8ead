# Two targets: `docker build --target web .` and `docker build --target evaluator .`

FROM python:3.11-slim AS web
WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir --no-deps -r requirements.txt
COPY app.py ./
COPY submissions submissions
COPY leaderboard leaderboard
RUN useradd --create-home arena && mkdir /data && chown arena /data
USER arena
ENV HOST=0.0.0.0 PORT=7860 ARENA=/data/arena
EXPOSE 7860
CMD ["python", "app.py"]

FROM nvidia/cuda:13.0.1-devel-ubuntu24.04 AS evaluator
# The devel image: DeepSpeed compiles an extension when a training first starts.
RUN apt-get update && apt-get install -y --no-install-recommends software-properties-common git g++ ninja-build \
    && add-apt-repository ppa:deadsnakes/ppa && apt-get install -y --no-install-recommends python3.11-venv python3.11-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
RUN python3.11 -m venv /venv
ENV PATH=/venv/bin:$PATH RAY_USAGE_STATS_ENABLED=0 VLLM_NO_USAGE_STATS=1
COPY evaluator/requirements-gpu.txt .
RUN pip install --no-cache-dir --no-deps -r requirements-gpu.txt
COPY submissions submissions
COPY evaluator evaluator
COPY curation curation
ENTRYPOINT ["python", "-m", "evaluator"]
