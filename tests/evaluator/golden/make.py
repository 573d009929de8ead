"""Makes the golden vectors with the published code itself (README.md in this folder says how to run this).

Texts go through LLaMA-Factory's own loader, converter, processors and template, and through the benchmark's
`vllm_infer.py` with an engine that only writes down the prompts it is given. Everything is done twice: with the
tokenizer as it is, and with its control tokens renamed to what no text contains, ids unchanged. The second run is
kept: there a typed `<|eot_id|>` is text. Where no text names a control token both must agree, and that is asserted.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import llamafactory.data.template as frames
from cases import Case, cases, newline_cases
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.hparams import get_infer_args
from llamafactory.model import load_tokenizer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import Seq2SeqTrainingArguments

HERE = Path(__file__).parent
TINY = HERE.parents[2] / "evaluator" / "models" / "tiny_llama" / "tokenizer.json"
NEWLINES = HERE / "newlines.json"
NAMES = ("begin_of_text", "end_of_text", "start_header_id", "end_header_id", "eot_id", "eom_id")
IGNORED = -100
COLUMNS = {"prompt": "input", "response": "output"}


class Engine:
    """Writes down the prompts it is given, and answers nothing."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def generate(self, inputs: list[dict[str, Any]], *_: object, **__: object) -> list[SimpleNamespace]:
        """In the shape of vLLM's answers."""
        self.asked += [one["prompt_token_ids"] for one in inputs]
        return [SimpleNamespace(outputs=[SimpleNamespace(text="")]) for _ in inputs]


class World:
    """A model folder whose control tokens bear these brackets, and the published code set up for it."""

    def __init__(self, folder: Path, tokenizer: Path, script: ModuleType, brackets: tuple[str, str]) -> None:
        self.folder, self._script = folder, script
        self._left, self._right = brackets
        self._frame = "llama3" if self._left == "<|" else f"llama3 {self._left}"
        folder.mkdir()
        self._save(json.loads(tokenizer.read_text()))
        if self._frame not in frames.TEMPLATES:
            self._register()

    def frame_length(self) -> int:
        """Tokens of a prompt without a question."""
        ids: list[int] = self.prompts([{"question": "", "output": "", "limit": 4096}])[0]
        return len(ids)

    def examples(self, rows: Sequence[Case]) -> list[tuple[list[int], list[int]]]:
        """Training examples as the fine-tuning stage makes them; the rows share a limit."""
        model_args, data_args, _, _ = get_infer_args(self._args(rows, []))
        tokens = load_tokenizer(model_args)
        template = get_template_and_fix_tokenizer(tokens["tokenizer"], data_args)
        training = Seq2SeqTrainingArguments(output_dir=str(self.folder / "out"), report_to=[])
        made = get_dataset(template, model_args, data_args, training, "sft", **tokens)["train_dataset"]
        return list(zip(made["input_ids"], made["labels"], strict=True))

    def turns(self, rows: Sequence[Case]) -> list[list[int]]:
        """LLaMA-Factory's prompt for a talk: the shots as turns, then the question. Nothing is cut."""
        model_args, data_args, _, _ = get_infer_args(self._args(rows, []))
        tokenizer = load_tokenizer(model_args)["tokenizer"]
        template = get_template_and_fix_tokenizer(tokenizer, data_args)
        found = []
        for row in rows:
            texts = [*(text for pair in row["shots"] for text in pair), row["question"], ""]
            roles = ("user", "assistant")
            talk = [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]
            found.append(template.encode_oneturn(tokenizer, talk)[0])
        return found

    def prompts(self, rows: Sequence[Case]) -> list[list[int]]:
        """What the published script hands to the engine; the rows share limit and shots."""
        shots = rows[0].get("shots", [])
        args = {**self._args(rows, shots), "save_name": str(self.folder / "out.jsonl")}
        engine = Engine()
        self._script.LLM = lambda **_: engine
        self._script.vllm_infer(**args, train_dataset="shots" if shots else None, n_shot=len(shots))
        return engine.asked

    def _args(self, rows: Sequence[Case], shots: Sequence[tuple[str, str]]) -> dict[str, Any]:
        data = Path(tempfile.mkdtemp(dir=self.folder))
        texts = {"rows": [(row["question"], row["output"]) for row in rows], "shots": shots}
        for name, pairs in texts.items():
            written = [{"input": question, "output": output} for question, output in pairs]
            (data / f"{name}.json").write_text(json.dumps(written, ensure_ascii=False))
        info = {name: {"file_name": f"{name}.json", "columns": COLUMNS} for name in texts}
        (data / "dataset_info.json").write_text(json.dumps(info))
        common = {
            "model_name_or_path": str(self.folder),
            "template": self._frame,
            "cutoff_len": rows[0]["limit"] or 4096,
        }
        return {**common, "dataset": "rows", "dataset_dir": str(data)}

    def _save(self, tokenizer: dict[str, Any]) -> None:
        for token in tokenizer["added_tokens"]:
            token["content"] = self._token(token["content"][2:-2])
        made = Tokenizer.from_str(json.dumps(tokenizer))
        bos = self._token("begin_of_text")
        made.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A $B", special_tokens=[(bos, made.token_to_id(bos))]
        )
        made.save(str(self.folder / "tokenizer.json"))
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": bos}
        settings["eos_token"] = self._token("end_of_text")
        # As in the files of Llama 3.1 8B: decoding takes blanks from before signs.
        text = json.dumps({**settings, "clean_up_tokenization_spaces": True})
        (self.folder / "tokenizer_config.json").write_text(text)
        (self.folder / "config.json").write_text(json.dumps({"model_type": "llama"}))

    def _register(self) -> None:
        """LLaMA-Factory's own frame, slot for slot, with the other brackets."""
        theirs = frames.TEMPLATES["llama3"]
        slots = {}
        for name in ("format_user", "format_assistant"):
            formatter = getattr(theirs, name)
            slots[name] = type(formatter)(slots=[self._renamed(slot) for slot in formatter.slots])
        frames.register_template(
            name=self._frame,
            **slots,
            format_prefix=theirs.format_prefix,
            stop_words=[self._renamed(word) for word in theirs.stop_words],
            replace_eos=True,
        )

    def _renamed(self, text: str) -> str:
        for name in NAMES:
            text = text.replace(f"<|{name}|>", self._token(name))
        return text

    def _token(self, name: str) -> str:
        return f"{self._left}{name}{self._right}"


def published(path: Path) -> ModuleType:
    """The benchmark's script: one process, one pretended device, and the shots in the order of their file."""
    spec = importlib.util.spec_from_file_location("vllm_infer", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.get_device_count = lambda: 1
    script.get_infer_args = lambda args: get_infer_args({**args, "preprocessing_num_workers": None})
    script.random = SimpleNamespace(sample=lambda rows, count: list(rows)[:count])
    script.SamplingParams = lambda **_: None
    return script


def save_newlines() -> None:
    """A tokenizer of bytes and of runs of newlines, so that a question's first newline can join the header's two."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=260, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(["\n" * 8] * 9, trainer)
    made.add_special_tokens([f"<|{name}|>" for name in NAMES])
    made.save(str(NEWLINES))


def vectors(worlds: tuple[World, World], made: Sequence[Case]) -> list[Case]:
    """The cases with their ids, checked between the two worlds."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, case in enumerate(made):
        groups[json.dumps([case["kind"], case["limit"], case.get("shots")])].append(number)
    found: dict[int, Case] = {}
    for numbers in groups.values():
        rows = [made[number] for number in numbers]
        as_is, renamed = (_encoded(world, rows) for world in worlds)
        for number, row, theirs, kept in zip(numbers, rows, as_is, renamed, strict=True):
            typed = any(f"<|{name}|>" in json.dumps(row) for name in NAMES)
            assert typed or theirs == kept, row["name"]
            found[number] = {**row, **kept, **({"forged": theirs != kept} if typed else {})}
    return [found[number] for number in range(len(made))]


def _encoded(world: World, rows: Sequence[Case]) -> list[Case]:
    kind = rows[0]["kind"]
    if kind == "example":
        return [_masked(ids, labels) for ids, labels in world.examples(rows)]
    return [{"ids": ids} for ids in (world.turns if kind == "turns" else world.prompts)(rows)]


def _masked(ids: list[int], labels: list[int]) -> Case:
    masked = labels.count(IGNORED)
    assert labels == [IGNORED] * masked + ids[masked:]
    return {"ids": ids, "masked": masked}


def main() -> None:
    """Writes the vectors beside this file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--script", type=Path, required=True, help="the benchmark's LLaMA-Factory/scripts/vllm_infer.py"
    )
    script = published(options.parse_args().script)
    save_newlines()
    lines: list[Case] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, file in (("tiny_llama", TINY), ("newlines", NEWLINES)):
            worlds = tuple(
                World(Path(folder, f"{name}{number}"), file, script, brackets)
                for number, brackets in enumerate((("<|", "|>"), ("\u27e6frame_", "\u27e7")))
            )
            the = " the"
            made = list(cases(worlds[0].frame_length(), the.__mul__) if name == "tiny_llama" else newline_cases())
            lines += [{"tokenizer": name, **vector} for vector in vectors(worlds, made)]
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    (HERE / "llama3.jsonl").write_text(text)
    print(f"{len(lines)} vectors, {len(text.encode())} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
