from __future__ import annotations

import numpy as np
import pytest

from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import InvalidConfig
from swath.wire.columns import write_columns
from swath.wire.maps import (
    MapParameters,
    ProjectionRunConfig,
    complete_parameters,
    parse_map_parameters,
    parse_projection_run_config,
    read_new_points,
    write_new_points,
)


@pytest.mark.parametrize(
    ("method", "given", "complete"),
    [
        ("pacmap", {}, {"neighbors": 10, "seed": 0}),
        ("pacmap", {"neighbors": 30}, {"neighbors": 30, "seed": 0}),
        ("tsne", {"seed": 7}, {"perplexity": 30.0, "seed": 7}),
        ("umap", {"min_distance": 0.0}, {"neighbors": 15, "min_distance": 0.0, "seed": 0}),
    ],
)
def test_parameters_that_are_left_out_have_their_usual_values(
    method: str, given: dict[str, float], complete: dict[str, float]
) -> None:
    found = complete_parameters(ProjectionMethod(method), parse_map_parameters(given))
    assert found.model_dump(exclude_none=True) == complete


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("tsne", {"neighbors": 10}, "method `tsne` has no parameter `neighbors`"),
        ("pacmap", {"perplexity": 10}, "method `pacmap` has no parameter `perplexity`"),
        ("pca", {}, "the map of method `pca` is made with every commit"),
    ],
)
def test_what_a_method_does_not_know_is_refused(method: str, given: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidConfig, match=message):
        complete_parameters(ProjectionMethod(method), MapParameters.model_validate(given))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"neighbors": 1}, "parameters.neighbors"),
        ({"neighbors": 2.5}, "parameters.neighbors"),
        ({"perplexity": 1000}, "parameters.perplexity"),
        ({"min_distance": -0.1}, "parameters.min_distance"),
        ({"seed": -1}, "parameters.seed"),
        ({"epochs": 3}, "parameters.epochs"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(given: dict[str, float], field: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        parse_map_parameters(given)
    assert refused.value.field == field


def test_a_configuration_of_another_version_is_refused() -> None:
    config = ProjectionRunConfig(
        dataset_id="a" * 24,
        dataset_name="cars",
        projection_id="b" * 24,
        method=ProjectionMethod.UMAP,
        parameters=MapParameters(neighbors=5),
    )
    document = config.model_dump(mode="json", exclude_none=True)
    assert parse_projection_run_config(document) == config
    with pytest.raises(InvalidConfig, match="method"):
        parse_projection_run_config({**document, "method": "trimap"})


def test_points_are_read_as_they_were_written() -> None:
    points = np.array([[1.5, -2.0], [np.nan, np.nan]], dtype=np.float32)
    first, found = read_new_points(write_new_points(7, points))
    assert first == 7
    np.testing.assert_array_equal(found, points)


@pytest.mark.parametrize(
    "document",
    [
        b"nothing",
        write_columns({"point": np.zeros((2, 2), np.float32)}),
        write_columns({"point": np.zeros((2, 3), np.float32)}, {"first_index": 0}),
        write_columns({"point": np.zeros((2, 2))}, {"first_index": 0}),
    ],
)
def test_what_holds_no_points_is_refused(document: bytes) -> None:
    with pytest.raises(InvalidConfig, match="the points cannot be read"):
        read_new_points(document)
