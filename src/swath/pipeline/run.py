"""One run: list, load predictions, crop and embed, select, keep, commit.

The same code serves objects and whole images; `RunSession` is the line to the datasets, wherever they are.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from swath.core.additions import EarlierCrops, RunAdditions, UsedFile
from swath.core.boxes import BoxFormat
from swath.core.earlier import nothing_earlier
from swath.core.errors import RunCancelled, StaleLease, SwathError
from swath.core.objects import KEY_BYTES, BoxOutcome, ObjectTable
from swath.core.outcomes import BAD_PREDICTIONS, FileOutcome, Finding
from swath.core.runs import RunState
from swath.core.scoring import ScoreColumns
from swath.pipeline import findings, messages
from swath.pipeline.image_pass import ImagePass, Machinery, collected_evidence, decide_box_format
from swath.pipeline.image_work import ImageWork
from swath.pipeline.input_plan import InputPlan, input_of
from swath.pipeline.judging import NO_FILTERS, resolve_object_rules
from swath.pipeline.keeping import KeptFiles, keep_selected, sweep_left_overs
from swath.pipeline.listing import list_images, read_relevant_filenames
from swath.pipeline.metadata_files import about_metadata, read_metadata, with_files
from swath.pipeline.ports import Datasource, KillPoint, RunObserver, RunSession, TableWriter
from swath.pipeline.prediction_columns import PredictionColumns, columns_of, scores_of_rows
from swath.pipeline.predictions import PredictionFiles, build_object_table, find_prediction_files, read_predictions
from swath.pipeline.run_artifacts import store_artifacts
from swath.pipeline.run_progress import RunProgress
from swath.pipeline.run_units import RunUnits, earlier_units, image_units, object_units
from swath.pipeline.run_vectors import RunVectors
from swath.pipeline.selecting import Selected, first_of_each_key, image_keys, is_among, select_units
from swath.pipeline.strategy_inputs import StrategyInputs, refuse_unknown_scores, strategy_inputs
from swath.pipeline.strategy_vectors import strategy_vectors
from swath.pipeline.task_reading import about_earlier_objects, about_task, read_task
from swath.pipeline.wording import counted
from swath.wire.run_config import MetadataInput, ObjectLevelConfig, RunConfig, SelectionUnit
from swath.wire.run_result import DatasetResult, ImageCounts, ObjectCounts, RepeatedRequests, RunResult

PROBLEMS_LOGGED = 20
"""Bad files written to the log one by one; validation.json has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """All that a run needs from outside. `output` is where crops go, and where predictions are looked for first."""

    config: RunConfig
    session: RunSession
    machinery: Machinery
    output: Datasource
    tables: TableWriter
    observer: RunObserver
    at_point: KillPoint

    @property
    def sources(self) -> tuple[Datasource, ...]:
        source = self.machinery.source
        return (source,) if self.output.uri == source.uri else (self.output, source)


def execute_run(context: RunContext) -> RunResult:
    """Do the whole run and close it. Raises nothing a person could cause: the result's state says how it ended.

    A run that was cancelled ends as ABORTED. KeyboardInterrupt closes the run as ABORTED and is raised again; a bug
    closes it as FAILED and is raised again. StaleLease is raised with nothing closed or taken back: the run is
    another worker's by now, and so are its files.
    """
    progress = RunProgress()
    files = KeptFiles(written=[])
    try:
        message = _Run(context, progress, files).execute()
    except StaleLease:
        raise
    except RunCancelled as exc:
        result = _fail(context, progress, files, RunState.ABORTED, exc.message, exc.hint)
    except SwathError as exc:
        result = _fail(context, progress, files, RunState.FAILED, exc.message, exc.hint)
    except BaseException as exc:
        aborted = isinstance(exc, KeyboardInterrupt)
        state = RunState.ABORTED if aborted else RunState.FAILED
        _fail(context, progress, files, state, "stopped by a person" if aborted else f"{type(exc).__name__}: {exc}", "")
        raise
    else:
        _count_repeated_requests(context, progress)
        result = _result(context, progress, RunState.COMPLETED, message, "")
        context.session.log("INFO", message)
        context.session.finish(RunState.COMPLETED, message, result.model_dump_json())
    return result


def _fail(
    context: RunContext, progress: RunProgress, files: KeptFiles, state: RunState, message: str, hint: str
) -> RunResult:
    """Take back the files written, if nothing names them yet, and close the run."""
    if progress.receipt is None and files.written:
        try:
            # An interrupt may have come between the commit and its receipt: its files must stay.
            if not set(files.written).isdisjoint(context.session.known_crop_files()):
                files.written.clear()
            context.output.delete(files.written)
        except SwathError as exc:
            # The next run sweeps them; the reason the run failed is the one to report.
            context.session.log("WARNING", f"could not take back crop files: {exc.message}")
    _count_repeated_requests(context, progress)
    result = _result(context, progress, state, message, hint)
    context.session.log("ERROR", message)
    context.session.finish(state, message, result.model_dump_json())
    return result


def _count_repeated_requests(context: RunContext, progress: RunProgress) -> None:
    """Say how often the storage failed, now that nothing more is asked of it."""
    source, output = context.machinery.source, context.output
    repeated = RepeatedRequests(input=source.retries, output=0 if output is source else output.retries)
    progress.repeated_requests = repeated
    for finding in findings.about_requests(repeated):
        progress.findings.append(finding)
        context.session.log(finding.severity.upper(), finding.message)
        context.observer.note(finding.severity.upper(), finding.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """What was chosen: `rows` of the table, or of the images without one, and the `images` to keep, both ascending."""

    chosen: Selected
    rows: NDArray[np.int64]
    images: NDArray[np.int64]
    image_scores: ScoreColumns | None  # of `images`
    crop_scores: ScoreColumns | None  # of `rows`


class _Run:
    def __init__(self, context: RunContext, progress: RunProgress, files: KeptFiles) -> None:
        self.context = context
        self.config = context.config
        self.session = context.session
        self.machinery = context.machinery
        self.progress = progress
        self.files = files
        self.category_names: dict[int, str] = {}
        self.image_names: tuple[str, ...] = ()
        self.inputs = InputPlan(config=context.config)
        self.earlier_values = nothing_earlier()
        self.own: PredictionColumns | None = None  # what the predictions of the run's task say

    def execute(self) -> str:
        """The run in its steps; returns the message for a person."""
        self._sweep()
        used: Mapping[str, UsedFile] = {} if self.config.datasource.process_all else self.session.used_files()
        works = self._list()
        object_level = self.config.object_level
        # Asked first: vectors of another embedder must be refused before hours of work, not after.
        self.earlier = self._earlier_selection()
        if object_level is None:
            table, task_files, vectors = None, None, self._embed_images(works, used)
        else:
            task_files, table, vectors = self._embed_objects(works, used, object_level)
        self._report_on_files(works, table)
        new = [work for work in works if work.outcome is not FileOutcome.ALREADY_USED]
        if not new:
            return messages.nothing_new(self.progress, self.session.target)
        choice = self._select(works, table, vectors)
        self._keep_and_commit(works, table, vectors, choice, task_files)
        return messages.completed(self.progress, self.session.target, choice.chosen, self.config)

    def _sweep(self) -> None:
        def tell(count: int, reason: str) -> None:
            left = counted(count, "crop file")
            self._note("WARNING", f"could not remove {left} that an earlier run left behind: {reason}")

        target, known = self.session.target, self.session.known_crop_files
        if removed := sweep_left_overs(self.context.output, target, known, on_refused=tell):
            self._note("INFO", f"removed {counted(removed, 'crop file')} that an earlier run left behind")

    def _earlier_selection(self) -> EarlierCrops:
        """What was selected before: crops, or for a run without objects the images (which have no object keys)."""
        identity = self.machinery.embedder.identity
        if self.config.object_level is not None:
            return self.session.earlier_crops(identity)
        self.image_names, vectors = self.session.earlier_images(identity)
        return EarlierCrops(object_keys=np.zeros((0, KEY_BYTES), dtype=np.uint8), vectors=vectors)

    def _list(self) -> list[ImageWork]:
        with self._stage(RunState.LOADING_DATASET, total=None, unit="files"):
            name = self.config.datasource.relevant_filenames_file
            relevant = None if name is None else read_relevant_filenames(self.context.sources, name)
            listing = list_images(
                self.machinery.source, relevant_filenames=relevant, on_found=self.context.observer.advance
            )
            self.progress.listing = listing
            self.progress.findings += findings.about_listing(listing)
            if not listing.images:
                raise messages.no_images(listing, self.machinery.source.uri)
            known = self.machinery.index.get(self.machinery.source.uri, listing.images)
            works = [
                ImageWork(row=row, entry=entry, known=known.get(entry.key)) for row, entry in enumerate(listing.images)
            ]
            self.progress.works = works
        return works

    def _embed_objects(
        self,
        works: Sequence[ImageWork],
        used: Mapping[str, UsedFile],
        config: ObjectLevelConfig,
    ) -> tuple[PredictionFiles, ObjectTable, RunVectors]:
        box_format = BoxFormat(config.box_format)
        with self._stage(RunState.LOADING_PREDICTION, total=len(works), unit="files"):
            files = find_prediction_files(self.context.sources, config.task_name)
            self.category_names = files.schema.category_names
            self._plan_inputs(files)
            read_predictions(
                works,
                files,
                box_format=box_format,
                used=used,
                index=self.machinery.index,
                threads=self.machinery.threads,
                on_done=self.context.observer.advance,
                with_shares=self.inputs.with_shares,
            )
            self._fail_if_all_bad(works)
            decided = decide_box_format(box_format, works, source=self.machinery.source, codec=self.machinery.codec)
            table = build_object_table(works, box_format=decided)
            self.own = columns_of(works, files.schema)
            self._read_inputs(works, box_format)
        vectors = RunVectors(
            self.machinery.embedder,
            works,
            table=table,
            rules=resolve_object_rules(config, files.schema),
            task_name=files.schema.task_name,
            tasks=tuple(self.inputs.tasks.values()),
            with_images=self.inputs.with_images,
        )
        self._pass_over_images(works, used, table, vectors, RunState.EMBEDDING_OBJECT_CROPS)
        self.progress.findings += findings.about_boxes(collected_evidence(works), asked=box_format, read_as=decided)
        for work in works:
            # The table holds them by now: a million objects need not be in memory twice.
            work.predictions = work.details = None
        return files, table, vectors

    def _embed_images(self, works: Sequence[ImageWork], used: Mapping[str, UsedFile]) -> RunVectors:
        for work in works:
            earlier = used.get(work.key)
            if work.known is not None and earlier is not None and earlier.image_digest == work.known.digest:
                work.end(FileOutcome.ALREADY_USED)
        asked = [input_of(strategy) for strategy in self.config.selection.strategies]
        state = None
        if any(isinstance(given, MetadataInput) for given in asked):
            state = RunState.LOADING_METADATA
        if any(getattr(given, "task", None) for given in asked):
            state = RunState.LOADING_PREDICTION
        with nullcontext() if state is None else self._stage(state, total=None, unit="files"):
            self._plan_inputs(None)
            self._read_inputs(works, BoxFormat.XYWH)
        vectors = RunVectors(
            self.machinery.embedder,
            works,
            table=None,
            rules=NO_FILTERS,
            task_name="",
            tasks=tuple(self.inputs.tasks.values()),
        )
        self._pass_over_images(works, used, None, vectors, RunState.EMBEDDING)
        return vectors

    def _plan_inputs(self, files: PredictionFiles | None) -> None:
        """Find out what the strategies need to know, and refuse what nobody can."""
        self.inputs = InputPlan.make(
            self.config,
            sources=self.context.sources,
            schema=None if files is None else files.schema,
            session=self.session,
            embedder=self.machinery.embedder.identity,
        )
        if self.inputs.asks_about_earlier and self.session.target.image_samples:
            self.earlier_values = self.session.earlier_values()

    def _read_inputs(self, works: Sequence[ImageWork], box_format: BoxFormat) -> None:
        """Read what other tasks and metadata say of the images that may be chosen, and of those that earlier runs
        chose."""
        there = set(self.earlier_values.file_names)
        wanted = np.array([work.outcome is None or work.key in there for work in works], dtype=np.bool_)
        for task in self.inputs.tasks.values():
            read_task(
                task,
                works,
                wanted,
                machinery=self.machinery,
                box_format=box_format,
                on_done=lambda count: None,
            )
        refuse_unknown_scores(self.inputs, self.own)
        self._read_metadata([work.key for work in works if wanted[work.row]])

    def _read_metadata(self, images: Sequence[str]) -> None:
        """Read what files say of some images under the keys that strategies ask for."""
        files, keys = self.inputs.metadata, self.inputs.keys_in_files()
        if files is None or not keys:
            return
        found = read_metadata(files, images, keys, threads=self.machinery.threads)
        self.inputs.attached = with_files(self.inputs.attached, found)
        self.progress.findings += about_metadata(found)

    def _pass_over_images(
        self,
        works: Sequence[ImageWork],
        used: Mapping[str, UsedFile],
        table: ObjectTable | None,
        vectors: RunVectors,
        state: RunState,
    ) -> None:
        with self._stage(state, total=len(works), unit="images"):
            image_pass = ImagePass(
                self.machinery,
                vectors=vectors.matrix,
                plan=vectors.plan,
                used=used,
                known_digests=self.session.known_digests(),
                remove_duplicates=self.config.remove_exact_duplicates,
                counted=vectors.own_count,
            )
            image_pass.run(works, on_done=self.context.observer.advance)
        vectors.settle(works)
        self._count_objects(works, table, image_pass)
        self._fail_if_all_bad(works)
        self.context.at_point("after_embedding")

    def _count_objects(self, works: Sequence[ImageWork], table: ObjectTable | None, image_pass: ImagePass) -> None:
        if table is None:
            self.progress.counts = ObjectCounts(embedded=image_pass.embedded, cached=image_pass.cached)
            return
        is_used = np.array([work.outcome is FileOutcome.USED for work in works], dtype=np.bool_)
        table.outcome[~is_used[table.image_row]] = BoxOutcome.PENDING
        tally = Counter(table.outcome.tolist())
        cropped = table.outcome <= BoxOutcome.CLIPPED
        self.progress.images_with_objects = len(np.unique(table.image_row[cropped]))
        self.progress.counts = ObjectCounts(
            found=len(table) - tally[BoxOutcome.PENDING],
            used=tally[BoxOutcome.USED] + tally[BoxOutcome.CLIPPED],
            clipped=tally[BoxOutcome.CLIPPED],
            outside=tally[BoxOutcome.OUTSIDE],
            zero_area=tally[BoxOutcome.ZERO_AREA],
            filtered=tally[BoxOutcome.FILTERED],
            embedded=image_pass.embedded,
            cached=image_pass.cached,
        )

    def _report_on_files(self, works: Sequence[ImageWork], table: ObjectTable | None) -> None:
        self.progress.findings += findings.about_files(works)
        self.progress.findings += findings.about_changes(works)
        if table is not None:
            self.progress.findings += findings.about_objects(self.progress.counts)
        for finding in self.progress.findings:
            self._tell(finding)
        bad = [work for work in works if work.outcome in BAD_PREDICTIONS or work.outcome is FileOutcome.UNREADABLE]
        for work in bad[:PROBLEMS_LOGGED]:
            self.session.log("WARNING", f"`{work.key}`: {work.outcome}: {work.reason}")

    def _fail_if_all_bad(self, works: Sequence[ImageWork]) -> None:
        """All bad fails the run; a few bad files among ones that were used before do not."""
        fine = (FileOutcome.USED, FileOutcome.ALREADY_USED, FileOutcome.DUPLICATE)
        if all(work.outcome is not None and work.outcome not in fine for work in works):
            self.progress.findings += findings.about_files(works)
            raise messages.all_bad(works)

    def _select(self, works: Sequence[ImageWork], table: ObjectTable | None, vectors: RunVectors) -> _Choice:
        with self._stage(RunState.SAMPLING, total=None, unit="objects"):
            units, keys = self._units(works, table)
            answers = self._answers(works, table, units)
            chosen = select_units(
                self.config.selection,
                vectors=vectors.own[units.image_of if table is None else units.rows],
                keys=keys,
                preselected=self.earlier.vectors,
                unit_of_row=None if table is None or units.are_objects else units.unit_of_row,
                inputs=strategy_inputs(
                    self.inputs,
                    answers.numbers_and_categories(),
                    strategy_vectors(self.inputs, units, answers.earlier, vectors, self._earlier_image_vectors),
                ),
                image_of=units.image_of,
                categories=answers.categories_for_limits(),
                name_of_row=lambda row: self._name_of_row(works, table, units, row),
                threads=self.machinery.threads,
            )
            for finding in (
                *(found for task in self.inputs.tasks.values() for found in about_task(task, answers.used_images)),
                *about_earlier_objects(self.inputs.tasks.values(), self.session.target.image_samples),
                *answers.findings(),
                *chosen.findings,
            ):
                self.progress.findings.append(finding)
                self._tell(finding)
            self.progress.candidates = chosen.available
            self.progress.selected = len(chosen.units)
            self.progress.quality = chosen.quality
            return self._choice(table, units, chosen, answers)

    def _units(self, works: Sequence[ImageWork], table: ObjectTable | None) -> tuple[RunUnits, NDArray[np.uint8]]:
        """What there is to choose from, with the keys of its content."""
        images = [work.row for work in works if work.outcome is FileOutcome.USED]
        rows = np.zeros(0, dtype=np.int64)
        if table is None:
            there = set(self.image_names)
            images = [row for row in images if works[row].key not in there]
        else:
            is_candidate = table.outcome <= BoxOutcome.CLIPPED
            has_objects = np.unique(table.image_row[is_candidate])
            is_candidate &= ~is_among(table.key, self.earlier.object_keys)
            rows = np.flatnonzero(is_candidate)
            used_up = set(np.setdiff1d(has_objects, table.image_row[rows]).tolist())
            images = [row for row in images if row not in used_up]
            rows = rows[first_of_each_key(table.key[rows])]
            if self.config.selection.unit is SelectionUnit.OBJECTS:
                return object_units(table, rows), table.key[rows]
        # Images without any objects are candidates too; those whose objects are all there already have nothing to add.
        units = image_units(np.array(images, dtype=np.int64), table, rows)
        return units, image_keys([_digest(works[row]) for row in images])

    def _answers(self, works: Sequence[ImageWork], table: ObjectTable | None, units: RunUnits) -> StrategyInputs:
        none = np.zeros(0, dtype=np.int64)
        rects = np.zeros((0, 4), np.int64) if table is None else table.crop_rects[units.rows].astype(np.int64)
        return StrategyInputs(
            self.inputs,
            units=units,
            earlier=earlier_units(
                self.earlier_values, works, have_objects=table is not None, are_objects=units.are_objects
            ),
            own=self.own,
            used_rows=none if table is None else np.flatnonzero(table.outcome <= BoxOutcome.CLIPPED),
            used_images=np.array([work.row for work in works if work.outcome is FileOutcome.USED], dtype=np.int64),
            image_names=[work.key for work in works],
            image_sizes=np.array([_sizes(work) for work in works], dtype=np.int64).reshape(-1, 3),
            crop_sizes=rects[:, 2:] - rects[:, :2],
        )

    def _earlier_image_vectors(self) -> NDArray[np.float16]:
        if not self.session.target.image_samples:
            return np.zeros((0, self.machinery.embedder.identity.dimension), dtype=np.float16)
        return self.session.earlier_images(self.machinery.embedder.identity)[1]

    def _name_of_row(self, works: Sequence[ImageWork], table: ObjectTable | None, units: RunUnits, row: int) -> str:
        """Whose vector a row of those that are compared is, for a message."""
        if table is None:
            return f"`{works[int(units.image_of[row])].key}`"
        place = units.rows[row]
        return f"object {int(table.position[place])} of `{works[int(table.image_row[place])].key}`"

    def _choice(self, table: ObjectTable | None, units: RunUnits, chosen: Selected, answers: StrategyInputs) -> _Choice:
        scores = answers.image_scores()
        if table is None:
            images = np.sort(units.image_of[chosen.units])
            rows, crop_scores = images, None
        else:
            is_kept = np.zeros(len(units), dtype=np.bool_)
            is_kept[chosen.units] = True
            rows = np.sort(units.rows[is_kept[units.unit_of_row]])
            images = np.unique(units.image_of[chosen.units])
            crop_scores = None if self.own is None else scores_of_rows(self.own, rows)
            names = self.category_names
            self.progress.selected_categories = dict(
                Counter(
                    names.get(category, str(category)) for category in table.category_id[rows].tolist()
                ).most_common()
            )
        return _Choice(
            chosen=chosen,
            rows=rows,
            images=images,
            image_scores=scores.take(np.searchsorted(answers.used_images, images)) if scores.names else None,
            crop_scores=crop_scores,
        )

    def _keep_and_commit(
        self,
        works: Sequence[ImageWork],
        table: ObjectTable | None,
        vectors: RunVectors,
        choice: _Choice,
        task_files: PredictionFiles | None,
    ) -> None:
        rows, kept_rows = choice.rows, choice.images
        kept = [works[row] for row in kept_rows.tolist()]
        kept_table, kept_selected = None, rows
        if table is not None:
            in_kept = np.flatnonzero(np.isin(table.image_row, kept_rows))
            kept_table = table.take(in_kept)
            kept_table = replace(
                kept_table, image_row=np.searchsorted(kept_rows, kept_table.image_row).astype(np.int32)
            )
            kept_selected = np.searchsorted(in_kept, rows)
        with self._stage(RunState.EMBEDDING_FULL_IMAGES, total=len(kept), unit="images"):
            images, crops = keep_selected(
                self.machinery,
                self.context.output,
                kept,
                table=kept_table,
                selected=kept_selected,
                category_names=self.category_names,
                padding=0.0 if self.config.object_level is None else self.config.object_level.padding,
                crop_dataset_id=self.session.target.crop_dataset_id,
                crop_vectors=vectors.own[rows if table is not None else rows[:0]],
                files=self.files,
                on_done=self.context.observer.advance,
            )
        self.context.at_point("after_crops")
        with self._stage(RunState.SAVING_RESULTS, total=None, unit="samples"):
            self.progress.kept = len(kept)
            self.progress.paths |= store_artifacts(
                self.session, self.context.tables, works, table, vectors.own, rows, self.category_names
            )
            self.progress.receipt = self.session.commit(
                RunAdditions(
                    embedder=self.machinery.embedder.identity,
                    images=replace(images, scores=choice.image_scores),
                    schema=None if task_files is None else task_files.schema,
                    predictions=kept_table,
                    crops=None if crops is None else replace(crops, scores=choice.crop_scores),
                    used_files=tuple(_used_files(works)),
                )
            )
        self.context.at_point("after_commit")

    def _tell(self, finding: Finding) -> None:
        self._note(finding.severity.upper(), messages.finding_line(finding))

    def _note(self, level: str, message: str) -> None:
        self.session.log(level, message)
        self.context.observer.note(level, message)

    @contextmanager
    def _stage(self, state: RunState, *, total: int | None, unit: str) -> Iterator[None]:
        self.session.enter(state)
        self.context.observer.stage(state, total=total, unit=unit)
        start = time.monotonic()
        try:
            yield
        finally:
            self.progress.stage_seconds[state.value.lower()] = round(time.monotonic() - start, 3)


def _digest(work: ImageWork) -> bytes:
    if work.known is None:
        raise AssertionError(f"`{work.key}` was used, but its digest is not known")
    return work.known.digest


def _sizes(work: ImageWork) -> tuple[int, int, int]:
    return (0, 0, 0) if work.known is None else (work.known.width, work.known.height, work.entry.size)


def _used_files(works: Sequence[ImageWork]) -> Iterator[UsedFile]:
    """Every image that was dealt with now. One that could not even be read has no digest and stays new."""
    for work in works:
        if work.outcome in (None, FileOutcome.ALREADY_USED) or work.known is None:
            continue
        yield UsedFile(
            key=work.key,
            image_digest=work.known.digest,
            prediction_digest=work.prediction_digest,
            outcome=str(work.outcome),
            modified_at=work.entry.modified_at,
        )


def _result(context: RunContext, progress: RunProgress, state: RunState, message: str, hint: str) -> RunResult:
    target, receipt = context.session.target, progress.receipt
    listed = 0 if progress.listing is None else len(progress.listing.images)
    crop_dataset = None
    if target.crop_dataset_id is not None and target.crop_dataset_name is not None:
        crop_dataset = DatasetResult(
            id=target.crop_dataset_id,
            name=target.crop_dataset_name,
            samples=receipt.crop_samples if receipt else target.crop_samples,
            added=receipt.crops_added if receipt else 0,
        )
    return RunResult(
        run=target.run_id,
        state=state.value,
        message=message,
        hint=hint,
        image_dataset=DatasetResult(
            id=target.image_dataset_id,
            name=target.image_dataset_name,
            samples=receipt.image_samples if receipt else target.image_samples,
            added=receipt.images_added if receipt else 0,
        ),
        crop_dataset=crop_dataset,
        images=ImageCounts(
            listed=listed,
            new=listed - progress.count(FileOutcome.ALREADY_USED),
            unreadable=progress.count(FileOutcome.UNREADABLE),
            duplicate=progress.count(FileOutcome.DUPLICATE),
            without_predictions=progress.count(FileOutcome.PREDICTIONS_MISSING),
            bad_predictions=progress.count(*BAD_PREDICTIONS),
            used=progress.count(FileOutcome.USED),
        ),
        objects=progress.counts,
        candidates=progress.candidates,
        selected=progress.selected,
        selected_categories=progress.selected_categories,
        quality=progress.quality,
        repeated_requests=progress.repeated_requests,
        stage_seconds=progress.stage_seconds,
        findings=[findings.finding_document(finding) for finding in progress.findings],
        paths=progress.paths,
    )
