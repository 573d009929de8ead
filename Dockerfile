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
# g++ and ninja: DeepSpeed compiles an extension when a training first starts. The CUDA libraries come with torch.
RUN apt-get update && apt-get install -y --no-install-recommends g++ ninja-build && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY evaluator/requirements-gpu.txt .
RUN pip install --no-cache-dir --no-deps -r requirements-gpu.txt
COPY submissions submissions
COPY evaluator evaluator
COPY prompts prompts
COPY curation curation
ENV RAY_USAGE_STATS_ENABLED=0 VLLM_NO_USAGE_STATS=1
ENTRYPOINT ["python", "-m", "evaluator"]
