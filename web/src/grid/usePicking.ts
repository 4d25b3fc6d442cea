import { useRef } from 'react';
import { Bitmap } from '@/model/bitmap';
import { useSelection } from '@/model/selection';
import { notifyProblem } from '@/ui/notify';
import type { RowAccess } from './useSampleRow';

interface Picking {
  /** Pick the sample at a place, or drop it; ranges begin there from now on. */
  toggle(position: number): Promise<void>;
  /** Pick everything from where a range begins to a place; what it held before and no longer does is dropped. */
  extendTo(position: number, from: number): Promise<void>;
  /** Ranges begin at the next place that is asked for. */
  forgetAnchor(): void;
}

/** Picking by places of a row, which may not be loaded yet. */
export function usePicking(access: RowAccess): Picking {
  const anchor = useRef<number | null>(null);
  const before = useRef<Bitmap>(new Bitmap());
  const asked = useRef(0);
  return {
    toggle: async (position) => {
      asked.current += 1;
      anchor.current = position;
      const sample = await access.sampleAt(position).catch(notifyProblem);
      if (!sample) return;
      useSelection.getState().toggle(sample.index);
      before.current = useSelection.getState().members;
    },
    extendTo: async (position, from) => {
      const number = (asked.current += 1);
      if (anchor.current === null) {
        anchor.current = from;
        before.current = useSelection.getState().members;
      }
      const ends = [anchor.current, position].sort((a, b) => a - b) as [number, number];
      const members = await access.membersBetween(...ends).catch(notifyProblem);
      if (!members || number !== asked.current) return;
      useSelection.getState().replace(before.current.union(members));
    },
    forgetAnchor: () => {
      anchor.current = null;
    },
  };
}
