"""What to say when a name was not found."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def near_names(name: str, names: Sequence[str], noun: str) -> str:
    """A hint for a name that was not found: the names spelt alike, else the first few there are."""
    if not names:
        return f"There is no {noun} yet."
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return "Did you mean " + " or ".join(f"`{other}`" for other in near) + "?"
    listed = ", ".join(f"`{other}`" for other in names[:10])
    return f"There {'are' if len(names) > 1 else 'is'} {listed}{', …' if len(names) > 10 else ''}."
