/** The row of samples that somebody is looking through: what comes before and after the one in focus. */
import { create } from 'zustand';

export interface Walk {
  total: number;
  /** The place of a sample in the row, or -1. */
  positionOf(sampleId: string): number;
  /** The sample at a place of the row, which may have to be loaded. */
  sampleAt(position: number): Promise<string>;
}

interface WalkState {
  walk: Walk | null;
  setWalk(walk: Walk | null): void;
}

/** Set by whatever shows the row (a grid, the picked points of a map), used by what shows one sample of it. */
export const useWalk = create<WalkState>((set) => ({ walk: null, setWalk: (walk) => set({ walk }) }));
