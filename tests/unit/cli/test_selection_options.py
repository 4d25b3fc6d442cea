"""How strategies, limits and amounts on the command line become the document of a selection."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from swath.cli.selection_options import SelectionOptions, read_amount, read_selection
from swath.cli.strategy_option import read_strategy
from swath.core.errors import InvalidConfig
from swath.wire.selection import SelectionConfig
from swath.wire.selection_rules import check_selection


def selection(**options: Any) -> dict[str, Any]:
    return read_selection(SelectionOptions(**options), None)


@pytest.mark.parametrize(("text", "amount"), [("100", 100), ("0.1", 0.1), ("1", 1), ("1.0", 1.0), ("1e-3", 0.001)])
def test_a_point_makes_an_amount_a_fraction(text: str, amount: float) -> None:
    found = read_amount(text)
    assert (found, type(found)) == (amount, type(amount))


def test_no_amount_is_none() -> None:
    assert read_amount(None) is None


@pytest.mark.parametrize("text", ["", "ten", "10%", "nan", "inf", "1,5"])
def test_an_amount_that_is_no_number_is_named(text: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        read_amount(text)
    assert caught.value.message == f"`--n-samples` is a count (100) or a fraction (0.1), got `{text}`"
    assert caught.value.field == "selection.n_samples"


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("diversity", {}),
        ("diversity,strength=2", {"strength": 2.0}),
        (
            "diversity, min_distance=0.1, mode=filter, aggregate=mean",
            {"minimum_distance": 0.1, "minimum_distance_mode": "filter", "aggregate": "mean"},
        ),
        ("diversity,min_distance=-1", {"minimum_distance": None}),
        ("diversity,task=wheels", {"input": {"type": "embeddings", "of": "objects", "task": "wheels"}}),
        ("diversity,of=images", {"input": {"type": "embeddings", "of": "images"}}),
        ("representative,neighbors=32", {"num_nearest_neighbors": 32}),
        (
            "typicality,strength=-1,neighbors=5,minimum=0.3",
            {"strength": -1.0, "num_nearest_neighbors": 5, "minimum_typicality": 0.3},
        ),
        ("similarity,query=my birds/the owls=1", {"query": {"dataset": "my birds", "tag": "the owls=1"}}),
        ("weights,score=uncertainty_entropy", {"input": {"type": "scores", "score": "uncertainty_entropy"}}),
        (
            "weights,score=object_frequency,task=cars,frequency_penalty=0.5,min_score=0",
            {
                "input": {
                    "type": "scores",
                    "score": "object_frequency",
                    "task": "cars",
                    "frequency_penalty": 0.5,
                    "min_score": 0.0,
                }
            },
        ),
        (
            "weights,count=car+bus,maximum_sum=100",
            {
                "input": {"type": "predictions", "name": "category_count", "categories": ["car", "bus"]},
                "maximum_sum": 100.0,
            },
        ),
        (
            "weights,count=all,min_sum=1,max_sum=9",
            {
                "input": {"type": "predictions", "name": "category_count", "categories": None},
                "target_range": {"min_sum": 1.0, "max_sum": 9.0},
            },
        ),
        ("weights,random=7", {"input": {"type": "random", "seed": 7}}),
        (
            "threshold,metadata=lightly.width,operation=bigger,threshold=50",
            {"input": {"type": "metadata", "key": "lightly.width"}, "operation": "bigger", "threshold": 50.0},
        ),
        ("balance", {}),
        (
            "balance,task=cars,distribution=input",
            {"input": {"type": "predictions", "task": "cars"}, "distribution": "input"},
        ),
        (
            "balance,metadata=weather,target.sunny=0.5,target.a.b=0.25",
            {"input": {"type": "metadata", "key": "weather"}, "target": {"sunny": 0.5, "a.b": 0.25}},
        ),
        ("random,seed=3", {"seed": 3}),
    ],
)
def test_a_strategy_is_a_name_with_settings(text: str, document: dict[str, Any]) -> None:
    read = read_strategy(text)
    assert read == {"type": text.split(",")[0], **document}
    config = SelectionConfig.model_validate({"n_samples": 1, "strategies": [read]})
    check_selection(config)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("best", "`--strategy` is one of `diversity`, `representative`, ", ""),
        ("", "`--strategy` is one of `diversity`, `representative`, ", ""),
        ("Diversty", "got `Diversty`", "Did you mean `diversity`?"),
        ("diversity,strenght=2", "`--strategy diversity`: `strenght` is not known", "Did you mean `strength`?"),
        ("random,zzz=2", "`--strategy random`: `zzz` is not known", "Keys are `strength`, `seed`."),
        ("balance,zzz=2", "`zzz` is not known", "and `target.NAME` for every category."),
        ("diversity,2", "`--strategy diversity`: expected `key=value`, got `2`", "Keys are `strength`, "),
        ("diversity,strength=much", "`--strategy diversity`: `strength` is a number, got `much`", ""),
        ("diversity,strength=nan", "`strength` is a number, got `nan`", ""),
        ("random,seed=1.5", "`--strategy random`: `seed` is a whole number, got `1.5`", ""),
        ("random,seed=1,seed=2", "`--strategy random`: `seed` is there twice", ""),
        ("balance,target.a=x", "`--strategy balance`: `target.a` is a number, got `x`", ""),
        ("diversity,target.a=1", "`target.a` is not known", "Keys are "),
        (
            "weights",
            "`--strategy weights`: expected one of `score`, `metadata`, `count`, `random`, none is there",
            "Say `weights,score=uncertainty_entropy`.",
        ),
        ("weights,score=a,metadata=b", "got `score`, `metadata`", "Say `weights,"),
        ("threshold,random=3", "`--strategy threshold`: `random` is not known", ""),
        ("similarity,query=birds", "`query` is a dataset and a tag of it, got `birds`", "Say `query=DATASET/TAG`."),
        ("weights,metadata=", "`--strategy weights`: `metadata` is empty", ""),
    ],
)
def test_what_is_spelt_wrong_is_answered_with_what_there_is(text: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        read_strategy(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.field == "selection.strategies"


def test_diversity_is_what_is_selected_by_where_nothing_is_said() -> None:
    assert selection(n_samples="0.1") == {"n_samples": 0.1, "strategies": [{"type": "diversity"}]}
    assert selection(min_distance=0.5)["strategies"] == [{"type": "diversity", "minimum_distance": 0.5}]
    assert selection(min_distance=-1)["strategies"] == [{"type": "diversity"}]


def test_options_for_one_kind_of_strategy_reach_it_and_its_own_settings_come_first() -> None:
    read = selection(
        strategy=["random", "diversity", "diversity,min_distance=0.7", "random,seed=9"],
        min_distance=0.5,
        min_distance_mode="filter",
        seed=3,
    )
    assert read["strategies"] == [
        {"type": "random", "seed": 3},
        {"type": "diversity", "minimum_distance": 0.5, "minimum_distance_mode": "filter"},
        {"type": "diversity", "minimum_distance": 0.7, "minimum_distance_mode": "filter"},
        {"type": "random", "seed": 9},
    ]


@pytest.mark.parametrize("option", [{"min_distance": 0.1}, {"min_distance_mode": "filter"}])
def test_an_option_of_diversity_needs_diversity(option: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfig, match="goes with `--strategy diversity`"):
        selection(strategy=["random"], **option)


def test_limits() -> None:
    read = selection(max_per_image=2, quota=["car=10..50", "bus=..5", "a=b=3..", "tram = 4"])
    assert read["max_per_image"] == 2
    assert read["quotas"] == {
        "car": {"at_least": 10, "at_most": 50},
        "bus": {"at_most": 5},
        "a=b": {"at_least": 3},
        "tram": {"at_least": 4, "at_most": 4},
    }


@pytest.mark.parametrize("text", ["car", "car=", "car=..", "=3..4", "car=a..b", "car=1..2..3", "car=-1..2", "car=1.5"])
def test_a_quota_that_is_none_is_named_with_how_to_spell_one(text: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        selection(quota=[text])
    assert caught.value.message == f"`--quota` is a category and how many of it, got `{text}`"
    assert "`car=10..50`" in caught.value.hint


def test_two_quotas_of_one_category_are_refused() -> None:
    with pytest.raises(InvalidConfig, match="`--quota` of `car` is there twice"):
        selection(quota=["car=1..", "car=..3"])


def test_a_file_says_all_of_a_selection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"n_samples": 1.0, "strategies": [{"type": "random"}], "max_per_image": 3}
    file = tmp_path / "selection.json"
    file.write_text(json.dumps(document))
    assert read_selection(SelectionOptions(), file) == document
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(document)))
    assert read_selection(SelectionOptions(), Path("-")) == document


@pytest.mark.parametrize(
    ("option", "name"),
    [({"n_samples": "3"}, "--n-samples"), ({"strategy": ["random"]}, "--strategy"), ({"seed": 0}, "--seed")],
)
def test_a_file_and_options_contradict_each_other(option: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidConfig, match=f"`--selection` says all about the selection, `{name}` says more"):
        read_selection(SelectionOptions(**option), Path("selection.json"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON: "),
        ("[1]", "is not a JSON object"),
        ("[" * 100_000, "is not JSON: "),
        ("", "is not JSON: "),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "selection.json"
    file.write_text(text)
    with pytest.raises(InvalidConfig) as caught:
        read_selection(SelectionOptions(), file)
    assert caught.value.message.startswith(f"`{file}` {message}")
    with pytest.raises(InvalidConfig, match=r"`there.json` cannot be read"):
        read_selection(SelectionOptions(), Path("there.json"))
