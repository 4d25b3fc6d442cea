"""`swath map`: make or extend a map of a dataset's embeddings."""

from __future__ import annotations

from typing import Annotated

import typer

from swath.cli import exit_codes
from swath.cli.options import HomeOption, JsonOption
from swath.cli.progress import progress_observer
from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import InvalidConfig, SwathError
from swath.settings import load_settings
from swath.wire.maps import ProjectionRunResult, parse_map_parameters


def map_command(
    dataset: Annotated[str, typer.Argument(help="Name or id of a dataset, of crops or of images.")],
    method: Annotated[str, typer.Option("--method", help="pacmap, tsne or umap.")] = "pacmap",
    neighbors: Annotated[
        int | None,
        typer.Option("--neighbors", help="For pacmap (10) and umap (15): more show the whole, fewer the details."),
    ] = None,
    perplexity: Annotated[
        float | None, typer.Option("--perplexity", help="For tsne (30): how many neighbours count, softly.")
    ] = None,
    min_distance: Annotated[
        float | None, typer.Option("--min-distance", help="For umap (0.1): how close points may come.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed and samples give the same map.")] = 0,
    extend: Annotated[
        bool, typer.Option("--extend", help="Only put the samples onto the map that it misses; nothing else moves.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make a map of the embeddings of a dataset, or extend it by new samples."""
    try:
        from swath.wiring.mapping import MapRequest, make_map

        given = {"neighbors": neighbors, "perplexity": perplexity, "min_distance": min_distance}
        if extend and any(value is not None for value in given.values()):
            raise InvalidConfig(
                "`--extend` takes the map as it is; it has no parameters", hint="Leave `--extend` away to make it anew."
            )
        request = MapRequest(
            dataset=dataset,
            method=_method(method),
            parameters=parse_map_parameters({**given, "seed": seed}),
            extends=extend,
        )
        with progress_observer() as observer:
            result = make_map(request, load_settings(home=home), observer=observer)
    except SwathError as exc:
        if as_json:
            failed = ProjectionRunResult(state="FAILED", message=exc.message, hint=exc.hint, method=method)
            print(failed.model_dump_json(indent=2))
        exit_codes.show_error(exc)
        return exit_codes.exit_code(exc)
    is_complete = result.state == "COMPLETED"
    if as_json:
        print(result.model_dump_json(indent=2))
    elif is_complete:
        print(result.message)
    if not is_complete:
        exit_codes.show_error(SwathError(result.message, hint=result.hint))
    return exit_codes.OK if is_complete else exit_codes.FAILED


def _method(text: str) -> ProjectionMethod:
    try:
        return ProjectionMethod(text)
    except ValueError as exc:
        known = ", ".join(f"`{known.value}`" for known in ProjectionMethod if known is not ProjectionMethod.PCA)
        raise InvalidConfig(
            f"`--method`: there is no method `{text}`", field="method", hint=f"One of {known}."
        ) from exc
