"""What a run knows of itself as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from swath.core.additions import CommitReceipt
from swath.core.outcomes import FileOutcome, Finding
from swath.pipeline.image_work import ImageWork
from swath.pipeline.listing import Listing
from swath.wire.run_result import ObjectCounts, RepeatedRequests, SelectionQuality


@dataclass(slots=True)
class RunProgress:
    """What a run knows by now; the result document is made of it, however far the run came."""

    listing: Listing | None = None
    works: Sequence[ImageWork] = ()
    counts: ObjectCounts = field(default_factory=ObjectCounts)
    candidates: int = 0
    selected: int = 0
    selected_categories: dict[str, int] = field(default_factory=dict)
    quality: SelectionQuality | None = None
    kept: int = 0
    images_with_objects: int = 0
    receipt: CommitReceipt | None = None
    findings: list[Finding] = field(default_factory=list)
    repeated_requests: RepeatedRequests = field(default_factory=RepeatedRequests)
    stage_seconds: dict[str, float] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)

    def count(self, *outcomes: FileOutcome) -> int:
        return sum(work.outcome in outcomes for work in self.works)
