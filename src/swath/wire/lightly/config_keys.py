"""Every key of a worker configuration, in all four generations of it, and what becomes of it here.

Names are those that people write in their scripts: `worker_config.object_level.task_name`. The first generation sends
them as they are, the later ones in camelCase, and two of the three parts under other names (`docker`, `lightly`,
`selection`). `docs/reference/lightly-config.md` shows this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Generation(StrEnum):
    """The shapes of worker configurations, by the version that clients give them."""

    V0 = "V0"  # free dictionaries
    V2 = "V2"
    V3 = "V3"
    V4 = "V4"


class Fate(StrEnum):
    """What becomes of a key. A key of a script that is not in the table is an error."""

    USED = "used"
    ACCEPTED = "accepted"  # whatever it says: it does not change which samples a run adds
    FIXED = "fixed"  # accepted only with the values that change nothing
    REFUSED = "refused"  # accepted only when null


EVERY = tuple(Generation)
FIRST = (Generation.V0,)
EARLY = (Generation.V0, Generation.V2)
LATE = (Generation.V3, Generation.V4)
LAST = (Generation.V4,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigKey:
    """One key. `fixed_at` are the values that a fixed one may have, `why` a remark for a person."""

    name: str
    generations: tuple[Generation, ...]
    fate: Fate
    why: str
    fixed_at: tuple[Any, ...] = ()


def _used(name: str, generations: tuple[Generation, ...], why: str) -> ConfigKey:
    return ConfigKey(name=name, generations=generations, fate=Fate.USED, why=why)


def _accepted(names: str, generations: tuple[Generation, ...], why: str) -> tuple[ConfigKey, ...]:
    return tuple(ConfigKey(name=name, generations=generations, fate=Fate.ACCEPTED, why=why) for name in names.split())


def _fixed(name: str, generations: tuple[Generation, ...], *fixed_at: Any, why: str) -> ConfigKey:
    return ConfigKey(name=name, generations=generations, fate=Fate.FIXED, fixed_at=fixed_at, why=why)


def _refused(names: str, generations: tuple[Generation, ...], why: str) -> tuple[ConfigKey, ...]:
    return tuple(ConfigKey(name=name, generations=generations, fate=Fate.REFUSED, why=why) for name in names.split())


_START_UP = "is about starting a worker"
_OUTPUT = "is about files beside the result"
_SPEED = "is about speed"
_VIDEOS = "is about videos; runs here are of images"
_PRETAGGING = "means nothing while pretagging is off"
_TRAINING = "means nothing while training is off; embedders are not trained here"

WORKER_KEYS: tuple[ConfigKey, ...] = (
    _used("worker_config.relevant_filenames_file", EVERY, "which files are looked at; empty: all"),
    _used("worker_config.remove_exact_duplicates", FIRST, "default True"),
    _used("worker_config.object_level.task_name", EARLY, "selects objects of this task; empty: whole images"),
    _used(
        "worker_config.object_level.crop_dataset_name", EARLY, "empty: the crops dataset there is, else `<name>-crops`"
    ),
    _used("worker_config.object_level.padding", EARLY, "default 0"),
    _used(
        "worker_config.method",
        EARLY,
        "`coreset`: diversity; `random`; `coral`: diversity and scores; `active_learning`: scores",
    ),
    _used(
        "worker_config.stopping_condition.n_samples",
        EARLY,
        "fractions up to 1.0 are a share, other numbers a count; -1: off; counts objects when objects are selected",
    ),
    _used("worker_config.stopping_condition.min_distance", EARLY, "with `coreset` and `coral`; -1: off"),
    _used("worker_config.datasource.process_all", EVERY, "default False"),
    _used("worker_config.datasource.dataset_id", FIRST, "the dataset that the run is scheduled on, no other"),
    _used("worker_config.datapool.dataset_id", FIRST, "the dataset that the run is scheduled on, no other"),
    _used("worker_config.datapool.name", FIRST, "the name of the dataset that the run is scheduled on, no other"),
    _used("worker_config.use_datapool", LAST, "False: the dataset has to be empty; else what it holds is preselected"),
    _used("worker_config.crops.enable_upload", LAST, "False: the selection may not compare objects"),
    _used(
        "worker_config.crops.enable_upload_for_tasks",
        LAST,
        "the task whose objects the selection compares; null: that one",
    ),
    *_accepted("worker_config.token worker_config.worker.worker_id worker_config.worker.force_start", FIRST, _START_UP),
    _fixed("worker_config.sanity_check", FIRST, False, why="a sanity check is no run"),
    *_accepted(
        "worker_config.enable_corruptness_check",
        FIRST,
        "images that cannot be decoded are always left out and reported",
    ),
    *_accepted("worker_config.corruptness_check.corruption_threshold", EVERY, _VIDEOS),
    _fixed("worker_config.checkpoint", EVERY, "", why="embedders are files of the server, not of a dataset"),
    *_refused("worker_config.checkpoint_run_id", LATE, "runs here train nothing, so none left a checkpoint"),
    _fixed("worker_config.embeddings", EVERY, "", why="embeddings of your own cannot be given to a run yet"),
    _fixed("worker_config.enable_training", EVERY, False, why="embedders are not trained here"),
    *_accepted("worker_config.training.task_name", LATE, _TRAINING),
    _fixed("worker_config.normalize_embeddings", EVERY, True, why="embeddings always have length 1"),
    _fixed("worker_config.pretagging", EVERY, False, why="runs here predict nothing; they read predictions"),
    *_accepted("worker_config.pretagging_debug worker_config.pretagging_config", FIRST, _PRETAGGING),
    *_accepted("worker_config.pretagging_upload", EVERY, _PRETAGGING),
    _fixed("worker_config.selected_sequence_length", EVERY, 1, why=f"it {_VIDEOS}"),
    *_accepted("worker_config.output_image_format", EVERY, _VIDEOS),
    *_accepted("worker_config.datasource.use_frame_count_metadata", FIRST, _VIDEOS),
    *_accepted("worker_config.show_video_sampling_timeline", FIRST, _VIDEOS),
    _used(
        "worker_config.active_learning.task_name",
        FIRST,
        "of `coral`, `active_learning`: whose scores; empty: those of the objects",
    ),
    _used(
        "worker_config.active_learning.score_name", FIRST, "which score; empty: the `scorer`, else `uncertainty_margin`"
    ),
    _used(
        "worker_config.scorer",
        FIRST,
        "`object-frequency` or another score, where `active_learning.score_name` is empty",
    ),
    _used("worker_config.scorer_config.frequency_penalty", FIRST, "of `object_frequency`; default 0.25"),
    _used("worker_config.scorer_config.min_score", FIRST, "of `object_frequency`; default 0.9"),
    *_accepted(
        "worker_config.masked_out_column_name worker_config.existing_selection_column_name "
        "worker_config.active_learning_score_column_name",
        FIRST,
        "means nothing without embeddings of your own",
    ),
    *_accepted("worker_config.datapool.keep_history", FIRST, "what earlier runs added is always kept"),
    _fixed("worker_config.datasource.enable_datapool_update", EVERY, True, why="a run always adds what it selects"),
    *_accepted(
        "worker_config.datasource.bypass_verify", EVERY, "whether files can be read and written shows in the run"
    ),
    *_accepted("worker_config.datasource.use_redirected_read_url", FIRST, "workers open the datasource themselves"),
    *_refused(
        "worker_config.datasource.input_expiration.min_days_to_expiration "
        "worker_config.datasource.input_expiration.handling_strategy",
        LATE,
        "when a bucket deletes its files is not looked at",
    ),
    _fixed(
        "worker_config.dump_dataset", FIRST, False, why="images stay in the datasource; `download_dataset` loads them"
    ),
    *_accepted("worker_config.dump_sampled_embeddings worker_config.output_image_size", FIRST, _OUTPUT),
    *_accepted("worker_config.run_directory worker_config.append_weak_labels", FIRST, _OUTPUT),
    *_accepted("worker_config.upload_dataset", FIRST, "what a run selects always goes to its datasets"),
    *_accepted("worker_config.upload_report", EVERY, _OUTPUT),
    *_accepted("worker_config.n_example_images", FIRST, _OUTPUT),
    *_accepted("worker_config.memory_requirement_in_GB", FIRST, _SPEED),
    *_accepted("worker_config.num_processes worker_config.num_threads", LATE, _SPEED),
    *_accepted("worker_config.cache_size", LAST, _SPEED),
    *_accepted("worker_config.shutdown_when_job_finished", LATE, "workers here go on; stop them yourself"),
)

_LIGHTLY_NAMES = """
    loader.batch_size loader.shuffle loader.num_workers loader.drop_last model.name model.out_dim model.num_ftrs
    model.width trainer.gpus trainer.max_epochs trainer.precision criterion.temperature optimizer.lr
    optimizer.weight_decay collate.input_size collate.cj_prob collate.cj_bright collate.cj_contrast collate.cj_sat
    collate.cj_hue collate.min_scale collate.random_gray_scale collate.gaussian_blur collate.kernel_size
    collate.sigmas collate.vf_prob collate.hf_prob collate.rr_prob
""".split()  # noqa: SIM905, one to a line they would fill a screen

_LATE_LIGHTLY_NAMES = ("seed", "checkpoint_callback.save_last", "collate.rr_degrees")

LIGHTLY_KEYS: tuple[ConfigKey, ...] = (
    *_accepted(" ".join(f"lightly_config.{name}" for name in _LIGHTLY_NAMES), EVERY, _TRAINING),
    *_accepted(" ".join(f"lightly_config.{name}" for name in _LATE_LIGHTLY_NAMES), FIRST + LATE, _TRAINING),
)

SELECTION_KEYS: tuple[ConfigKey, ...] = (
    _used("selection_config.n_samples", EVERY, "a count; -1: off"),
    _used("selection_config.proportion_samples", EVERY, "a share; one of the two, or a limit of a strategy"),
    _used("selection_config.strategies", EVERY, "any number, see below; their order says nothing"),
    *_refused("selection_config.lightly_path_regex", LAST, "no metadata is made of file names"),
    _fixed("selection_config.auto_tasks", LAST, [], why="there are no tasks but those of the predictions"),
)

INPUT_KEYS: tuple[ConfigKey, ...] = (
    _used("input.type", EVERY, "what the strategy goes by"),
    _used(
        "input.task", EVERY, "of `EMBEDDINGS`: compares the objects of this task; of `SCORES` and `PREDICTIONS`: whose"
    ),
    _used("input.score", EVERY, "of `SCORES`: which"),
    _used("input.key", EVERY, "of `METADATA`: which, nested by dots"),
    _used("input.name", EVERY, "of `PREDICTIONS`: `CLASS_DISTRIBUTION` for `BALANCE`, else `CATEGORY_COUNT`"),
    _used("input.categories", EVERY, "of `CATEGORY_COUNT`: only these count"),
    _used("input.dataset_id", EVERY, "of `EMBEDDINGS` for `SIMILARITY`: where the samples are that are looked for"),
    _used("input.tag_name", EVERY, "of `EMBEDDINGS` for `SIMILARITY`: which of them"),
    _used("input.random_seed", EVERY, "of `RANDOM`; default 0"),
)

STRATEGY_KEYS: tuple[ConfigKey, ...] = (
    _used("strategy.type", EVERY, "see the table below; `DIVERSIFY` is `DIVERSITY`"),
    _used("strategy.stopping_condition_minimum_distance", EVERY, "of `DIVERSITY`; negative: off"),
    _used("strategy.threshold", EVERY, "of `THRESHOLD`"),
    _used("strategy.operation", EVERY, "of `THRESHOLD`: `SMALLER`, `SMALLER_EQUAL`, `BIGGER` or `BIGGER_EQUAL`"),
    _used("strategy.target", EVERY, "of `BALANCE`: share by category; those that are not named share what is left"),
    _used("strategy.distribution", LAST, "of `BALANCE`: `TARGET`, `UNIFORM` or `INPUT`; default `TARGET`"),
    _used("strategy.strength", LATE, "from -1,000,000,000 to 1,000,000,000; default 1; of `THRESHOLD` it says nothing"),
    _used("strategy.num_nearest_neighbors", LATE, "of `TYPICALITY`; 2 to 1,000, default 20"),
    _used("strategy.stopping_condition_minimum_typicality", LATE, "of `TYPICALITY`; above 0, at most 1"),
    _used("strategy.stopping_condition_max_sum", LATE, "of `WEIGHTS`: stops when what is picked reaches it"),
    _used("strategy.target_range.min_sum", LATE, "of `WEIGHTS`: reported where what is picked stays below it"),
    _used("strategy.target_range.max_sum", LATE, "of `WEIGHTS`: what would go above it is passed over"),
)
"""Of each entry of `selection_config.strategies`, as are `INPUT_KEYS`."""

ALL_KEYS: tuple[ConfigKey, ...] = (*WORKER_KEYS, *LIGHTLY_KEYS, *SELECTION_KEYS, *INPUT_KEYS, *STRATEGY_KEYS)


def keys_of(generation: Generation, keys: tuple[ConfigKey, ...]) -> dict[str, ConfigKey]:
    """Those keys that a generation has, by name."""
    return {key.name: key for key in keys if generation in key.generations}
