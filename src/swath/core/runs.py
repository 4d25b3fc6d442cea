"""The states of a run, in their order, and the moves that are legal."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """States in the order a run passes through them; a run may leave states out, never go back by itself.

    QUEUED is a run that waits for a worker; one whose worker died waits again.
    """

    QUEUED = "QUEUED"
    STARTED = "STARTED"
    INITIALIZING = "INITIALIZING"
    LOADING_DATASET = "LOADING_DATASET"
    LOADING_METADATA = "LOADING_METADATA"
    LOADING_PREDICTION = "LOADING_PREDICTION"
    CHECKING_CORRUPTNESS = "CHECKING_CORRUPTNESS"
    INITIALIZING_OBJECT_CROPS = "INITIALIZING_OBJECT_CROPS"
    COMPUTING_METADATA = "COMPUTING_METADATA"
    TRAINING = "TRAINING"
    EMBEDDING = "EMBEDDING"
    EMBEDDING_OBJECT_CROPS = "EMBEDDING_OBJECT_CROPS"
    PRETAGGING = "PRETAGGING"
    COMPUTING_ACTIVE_LEARNING_SCORES = "COMPUTING_ACTIVE_LEARNING_SCORES"
    SAMPLING = "SAMPLING"
    EMBEDDING_FULL_IMAGES = "EMBEDDING_FULL_IMAGES"
    SAVING_RESULTS = "SAVING_RESULTS"
    UPLOADING_DATASET = "UPLOADING_DATASET"
    GENERATING_REPORT = "GENERATING_REPORT"
    UPLOADING_REPORT = "UPLOADING_REPORT"
    UPLOADED_REPORT = "UPLOADED_REPORT"
    UPLOADING_ARTIFACTS = "UPLOADING_ARTIFACTS"
    UPLOADED_ARTIFACTS = "UPLOADED_ARTIFACTS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CRASHED = "CRASHED"
    ABORTED = "ABORTED"

    @property
    def is_final(self) -> bool:
        return self in FINAL_STATES

    def may_become(self, other: RunState) -> bool:
        """Whether a run in this state may move to `other`: forward, or to a final state; never out of one."""
        if self.is_final:
            return False
        order = list(RunState)
        return other.is_final or order.index(other) > order.index(self)


FINAL_STATES = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.CRASHED, RunState.ABORTED})
