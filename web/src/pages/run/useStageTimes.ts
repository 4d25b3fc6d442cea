import { useState } from 'react';
import type { Run } from '@/api/queries/runs';

interface Passing {
  state: string;
  since: number;
  /** Whether the beginning of this state was seen. */
  isWhole: boolean;
  seconds: Readonly<Record<string, number>>;
}

/**
 * How long stages took whose begin and end were seen here: only the result of a run that is over says it of all.
 * `at` is when the run was like this. Keys are states in small letters, as in results.
 */
export function useStageTimes(run: Pick<Run, 'state'>, at: number): Readonly<Record<string, number>> {
  const [passing, setPassing] = useState<Passing>({
    state: run.state,
    since: at,
    isWhole: false,
    seconds: {},
  });
  if (passing.state !== run.state) {
    const { state, since, isWhole, seconds } = passing;
    const took = { [state.toLowerCase()]: (at - since) / 1000 };
    setPassing({
      state: run.state,
      since: at,
      isWhole: true,
      seconds: isWhole ? { ...seconds, ...took } : seconds,
    });
  }
  return passing.seconds;
}
