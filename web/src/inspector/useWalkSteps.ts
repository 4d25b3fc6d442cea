import { useWalk } from '@/model/walk';
import { notifyProblem } from '@/ui/notify';

export interface WalkSteps {
  /** From 0; -1: the sample is not in the row. */
  position: number;
  total: number;
  /** Go on by so many places; null where the row ends. */
  step(by: 1 | -1): (() => void) | null;
}

/** The ways from a sample to those before and after it in the row that somebody looks through. */
export function useWalkSteps(sampleId: string, onGo: (sampleId: string) => void): WalkSteps | null {
  const walk = useWalk((state) => state.walk);
  if (walk === null) return null;
  const position = walk.positionOf(sampleId);
  if (position < 0) return null;
  return {
    position,
    total: walk.total,
    step: (by) => {
      const next = position + by;
      if (next < 0 || next >= walk.total) return null;
      return () => void walk.sampleAt(next).then(onGo, notifyProblem);
    },
  };
}
