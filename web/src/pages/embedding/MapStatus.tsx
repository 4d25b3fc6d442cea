import type { ReactNode } from 'react';
import { count, counted } from '@/model/format';
import { unitOf } from '@/model/kinds';
import type { PointStates } from '@/scatter/pointStates';
import classes from './Embedding.module.css';

interface MapStatusProps {
  kind: string;
  states: PointStates;
  pointCount: number;
  children?: ReactNode;
}

/** How many points there are, are shown, and are picked. */
export function MapStatus({ kind, states, pointCount, children }: MapStatusProps) {
  const hidden = pointCount - states.visibleCount;
  return (
    <div className={`${classes.corner} ${classes.status}`} role="status" aria-label="Points">
      <span>
        <b>{count(states.visibleCount)}</b>
        {hidden > 0
          ? ` of ${counted(pointCount, unitOf(kind))} shown`
          : ` ${pointCount === 1 ? unitOf(kind) : `${unitOf(kind)}s`}`}
      </span>
      {states.picked.length > 0 && (
        <span>
          <b>{count(states.picked.length)}</b> picked
        </span>
      )}
      {children}
    </div>
  );
}
