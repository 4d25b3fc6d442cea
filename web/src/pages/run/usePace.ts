import { useState } from 'react';
import type { Run } from '@/api/queries/runs';
import { rateOf, remainingMs, seen, type Sighting } from '@/model/runs';

interface Pace {
  /** Units per second; null: not known. */
  rate: number | null;
  /** Until the stage is done; null: not known. */
  remaining: number | null;
}

/** How fast the stage under way goes, from what was seen of it; `at` is when the run was like this. */
export function usePace(run: Run, at: number): Pace {
  const progress = run.progress?.state === run.state ? run.progress : null;
  const [kept, setKept] = useState<{ state: string; at: number; sightings: readonly Sighting[] }>({
    state: run.state,
    at: 0,
    sightings: [],
  });
  if (progress !== null && at !== kept.at) {
    const earlier = kept.state === run.state ? kept.sightings : [];
    setKept({ state: run.state, at, sightings: seen(earlier, { at, done: progress.done }) });
  }
  if (progress === null) return { rate: null, remaining: null };
  const rate = rateOf(kept.state === run.state ? kept.sightings : [], progress.rate);
  return { rate, remaining: remainingMs(progress.done, progress.total, rate) };
}
