"""Families by config.json, their tiny models, and the shapes that the memory plan reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from evaluator.config.profile import load_profile
from evaluator.models import tiny_llama
from evaluator.models.base_model import prepare_base_model
from evaluator.models.families import FAMILIES, TINY_FAMILIES, choose_family, read_family
from evaluator.models.memory_model import estimate_training
from evaluator.models.model_shape import SHAPES, lookup_model_shape, read_model_shape
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.tracks.protocols import load_protocol_as
from submissions.errors import CorruptRecord, EvaluatorError
from tests.support.evaluation_factories import make_protocol
from tests.support.tiny_families import write_tokenizer

pytestmark = pytest.mark.integration

QWEN2 = {"model_type": "qwen2", "vocab_size": 151936}
QWEN3 = {"model_type": "qwen3", "vocab_size": 151936, "head_dim": 128, "num_key_value_heads": 8}
LLAMA = {"model_type": "llama", "vocab_size": 128256, "num_key_value_heads": 8}


def sizes(layers: int, hidden: int, ffn: int, heads: int, *, tied: bool, **others: int) -> dict[str, Any]:
    return {
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "intermediate_size": ffn,
        "num_attention_heads": heads,
        "tie_word_embeddings": tied,
        **others,
    }


PUBLISHED: dict[str, tuple[dict[str, Any], int]] = {
    "Llama-3.2-1B": (LLAMA | sizes(16, 2048, 8192, 32, tied=True, head_dim=64), 1_235_814_400),
    "Llama-3.1-8B": (LLAMA | sizes(32, 4096, 14336, 32, tied=False), 8_030_261_248),
    "Qwen2.5-0.5B": (QWEN2 | sizes(24, 896, 4864, 14, tied=True, num_key_value_heads=2), 494_032_768),
    "Qwen2.5-1.5B": (QWEN2 | sizes(28, 1536, 8960, 12, tied=True, num_key_value_heads=2), 1_543_714_304),
    "Qwen2.5-3B": (QWEN2 | sizes(36, 2048, 11008, 16, tied=True, num_key_value_heads=2), 3_085_938_688),
    "Qwen2.5-7B": (
        QWEN2 | sizes(28, 3584, 18944, 28, tied=False, num_key_value_heads=4, vocab_size=152064),
        7_615_616_512,
    ),
    "Qwen2.5-14B": (
        QWEN2 | sizes(48, 5120, 13824, 40, tied=False, num_key_value_heads=8, vocab_size=152064),
        14_770_033_664,
    ),
    "Qwen3-0.6B": (QWEN3 | sizes(28, 1024, 3072, 16, tied=True), 596_049_920),
    "Qwen3-1.7B": (QWEN3 | sizes(28, 2048, 6144, 16, tied=True), 1_720_574_976),
    "Qwen3-4B": (QWEN3 | sizes(36, 2560, 9728, 32, tied=True), 4_022_468_096),
    "Qwen3-8B": (QWEN3 | sizes(36, 4096, 12288, 32, tied=False), 8_190_735_360),
    "Qwen3-14B": (QWEN3 | sizes(40, 5120, 17408, 40, tied=False), 14_768_307_200),
}
"""Sizes in the config.json of published models, and their number of parameters with tied embeddings counted once."""


def write_config(folder: Path, config: dict[str, Any]) -> Path:
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_model_has_the_parameters_that_its_config_comes_to(name: str, tmp_path: Path) -> None:
    """Counted by us, by transformers without memory for the weights, and as the model card's file says."""
    config, parameters = PUBLISHED[name]
    assert read_model_shape(write_config(tmp_path, config)).parameters == parameters
    with torch.device("meta"):
        kwargs = {key: value for key, value in config.items() if key != "model_type"}
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(config["model_type"], **kwargs))
    assert model.num_parameters() == parameters


@pytest.mark.parametrize("model_type", ["llama", "qwen3"])
def test_biases_that_a_config_asks_for_are_counted(model_type: str, tmp_path: Path) -> None:
    config = sizes(2, 64, 96, 4, tied=False, num_key_value_heads=2, head_dim=24, vocab_size=50)
    config |= {"model_type": model_type, "attention_bias": True}
    kwargs = {key: value for key, value in config.items() if key != "model_type"}
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(model_type, **kwargs))
    assert read_model_shape(write_config(tmp_path, config)).parameters == model.num_parameters()


def test_a_qwen3_config_without_the_width_of_a_head_has_transformers_own(tmp_path: Path) -> None:
    config = sizes(2, 64, 96, 4, tied=True, num_key_value_heads=2, vocab_size=50) | {"model_type": "qwen3"}
    assert read_model_shape(write_config(tmp_path, config)).head == 128
    assert read_model_shape(write_config(tmp_path, config | {"model_type": "qwen2"})).head == 16


def test_wide_heads_and_their_norms_need_memory(tmp_path: Path) -> None:
    """Queries of Qwen3-4B are 4,096 wide beside a hidden state of 2,560."""
    protocol, profile = load_protocol_as("arena@1", AnchoredProtocol), load_profile("8xh100")
    shape = read_model_shape(write_config(tmp_path, PUBLISHED["Qwen3-4B"][0]))
    narrow = shape.model_copy(update={"head": 80, "has_head_norms": False})
    plain = shape.model_copy(update={"has_head_norms": False})
    narrow_bytes, plain_bytes, wide_bytes = (
        estimate_training(one, profile, protocol).passing["activations"] for one in (narrow, plain, shape)
    )
    assert narrow_bytes < plain_bytes < wide_bytes
    tokens = max(profile.micro_tokens, protocol.sft.cutoff_tokens)
    assert wide_bytes - plain_bytes == tokens * (4 + 2) * (4096 + 1024)


@pytest.mark.parametrize("config", [{"model_type": "gpt2"}, {"model_type": "qwen3_moe"}, {"model_type": 4}])
def test_an_unknown_family_is_refused_by_name(config: dict[str, Any], tmp_path: Path) -> None:
    known = r"There are: llama \(Llama 3\), qwen2 \(Qwen2\.5\), qwen3 \(Qwen3\)"
    for read in (read_family, read_model_shape):
        with pytest.raises(EvaluatorError, match=f"{config['model_type']}.*, which the evaluator does not know") as no:
            read(write_config(tmp_path, config))
        assert no.match(known)


@pytest.mark.parametrize("text", ["{}", "[]", "{", '"llama"'])
def test_a_config_of_no_model_is_a_corrupt_record(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    for read in (read_family, read_model_shape):
        with pytest.raises(CorruptRecord, match="does not describe a model"):
            read(tmp_path)
        with pytest.raises(CorruptRecord):
            read(tmp_path / "none")


def test_a_classifier_and_a_sliding_window_are_refused() -> None:
    with pytest.raises(EvaluatorError, match=r"is a Qwen2ForSequenceClassification\. Qwen2\.5 models are Qwen2For"):
        choose_family({"model_type": "qwen2", "architectures": ["Qwen2ForSequenceClassification"]})
    with pytest.raises(EvaluatorError, match=r"\(Qwen3\) attends to a sliding window"):
        choose_family({"model_type": "qwen3", "use_sliding_window": True, "sliding_window": 4096})
    settings = {"architectures": ["Qwen3ForCausalLM"], "use_sliding_window": False, "sliding_window": None}
    assert choose_family({"model_type": "qwen3", **settings}) is FAMILIES["qwen3"]


@pytest.mark.parametrize("name", sorted(TINY_FAMILIES))
def test_a_tiny_model_is_of_its_family_and_shape(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    TINY_FAMILIES[name].build_tiny(folder)
    assert read_family(folder) is TINY_FAMILIES[name]
    assert read_model_shape(folder) == SHAPES[name] == lookup_model_shape(name)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert read_model_shape(folder).parameters == model.num_parameters()
    assert model.config.vocab_size >= len(AutoTokenizer.from_pretrained(folder))


def test_a_tiny_model_is_made_the_same_in_the_evaluator_s_child_process(tmp_path: Path) -> None:
    folder = prepare_base_model(make_protocol(base_model={"id": "tiny-qwen3@1"}), tmp_path)
    FAMILIES["qwen3"].build_tiny(tmp_path / "again")
    made, again = ({file.name: file.read_bytes() for file in one.iterdir()} for one in (folder, tmp_path / "again"))
    assert made == again


@pytest.mark.parametrize("model_type", ["qwen2", "qwen3"])
def test_biases_and_norms_of_a_tiny_model_matter(model_type: str, tmp_path: Path) -> None:
    FAMILIES[model_type].build_tiny(tmp_path / "model")
    vectors = {name: one for name, one in load_file(tmp_path / "model/model.safetensors").items() if one.ndim == 1}
    kinds = {name.removesuffix(".weight").rpartition(".")[2] for name in vectors}
    assert kinds >= ({"bias"} if model_type == "qwen2" else {"q_norm", "k_norm"})
    assert all(float(vector.std()) > 0.02 for vector in vectors.values())


def test_the_tiny_vocabularies_are_the_tiny_llama_s(tmp_path: Path) -> None:
    base = Tokenizer.from_file(str(tiny_llama.TOKENIZER)).get_vocab(with_added_tokens=False)
    for model_type in ("qwen2", "qwen3"):
        made = Tokenizer.from_file(str(write_tokenizer(model_type, tmp_path / model_type) / "tokenizer.json"))
        assert made.get_vocab(with_added_tokens=False) == base
        assert made.encode("1234").tokens == list("1234"), "Qwen cuts numbers into digits"
        assert made.decode(made.encode("e\u0301").ids) == "\u00e9", "Qwen composes letters"


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore").decode()))
def test_every_text_can_be_written_in_tokens(qwen3_tokenizer: Tokenizer, text: str) -> None:
    ids = qwen3_tokenizer.encode(text, add_special_tokens=False).ids
    assert qwen3_tokenizer.decode(ids, skip_special_tokens=False) == qwen3_tokenizer.normalizer.normalize_str(text)


@pytest.fixture(scope="module")
def qwen3_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = write_tokenizer("qwen3", tmp_path_factory.mktemp("tokenizer") / "qwen3")
    return Tokenizer.from_file(str(folder / "tokenizer.json"))
