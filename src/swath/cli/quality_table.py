"""How good a selection is, for a person: a small table beside what chance gives."""

from __future__ import annotations

from swath.wire.run_result import FindingDocument, SelectionQuality

TARGETS_SHOWN = 8


def print_quality(quality: SelectionQuality | None) -> None:
    """Print what is known of the quality of a selection, nothing where nothing is."""
    if quality is None:
        return
    rows = [
        (name, f"{figure.selected:.4f}", f"{figure.random:.4f}")
        for name, figure in (("mean distance", quality.mean_distance), ("cover radius", quality.cover_radius))
        if figure is not None
    ]
    covered = quality.categories_covered
    if covered is not None and quality.categories_available:
        rows.append(
            (f"categories of {quality.categories_available:,}", f"{covered.selected:,.0f}", f"{covered.random:,.1f}")
        )
    if rows:
        print(f"  {'':<20}  {'selected':>10}  {'random':>10}")
        for name, selected, random in rows:
            print(f"  {name:<20}  {selected:>10}  {random:>10}")
    targets = quality.targets[:TARGETS_SHOWN]
    if targets:
        width = max(20, *(len(target.category) for target in targets))
        print(f"  {'balance':<{width}}  {'reached':>10}  {'wanted':>10}")
        for target in targets:
            print(f"  {target.category:<{width}}  {target.reached:>10.1%}  {target.wanted:>10.1%}")
        if more := len(quality.targets) - len(targets):
            print(f"  and {more:,} more")


def finding_text(finding: FindingDocument) -> str:
    """A finding on one line, with its examples and its hint."""
    more = ", …" if finding.count > len(finding.examples) else ""
    examples = f": {'; '.join(finding.examples)}{more}" if finding.examples else ""
    return f"{finding.severity}: {finding.message}{examples}" + (f" (hint: {finding.hint})" if finding.hint else "")
