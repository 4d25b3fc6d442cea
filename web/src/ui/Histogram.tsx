import { count } from '@/model/format';
import classes from './Histogram.module.css';

interface HistogramProps {
  /** One more than counts. */
  edges: readonly number[];
  counts: readonly number[];
  /** What is counted, for those who cannot see it. */
  label: string;
  /** An edge in words. */
  format?: (edge: number) => string;
  height?: number;
  /** Bins that lie in this range stand out; left out: all do. */
  range?: readonly [number | null | undefined, number | null | undefined];
  /** What a click on a bin does. */
  onPick?: (low: number, high: number) => void;
}

const plain = (edge: number): string => String(Math.round(edge * 100) / 100);

/** How values are distributed, as bars of equal width from the lowest edge to the highest. */
export function Histogram({
  edges,
  counts,
  label,
  format = plain,
  height = 64,
  range,
  onPick,
}: HistogramProps) {
  const most = Math.max(1, ...counts);
  const isInside = (low: number, high: number) =>
    (range?.[0] == null || high > range[0]) && (range?.[1] == null || low < range[1]);
  return (
    <div>
      <div
        className={classes.bins}
        style={{ height }}
        role="img"
        aria-label={`${label}: ${count(counts.reduce((a, b) => a + b, 0))} values`}
      >
        {counts.map((value, bin) => {
          const low = edges[bin] ?? 0;
          const high = edges[bin + 1] ?? low;
          return (
            <span
              key={low}
              className={classes.bin}
              data-outside={isInside(low, high) ? undefined : true}
              data-picks={onPick === undefined ? undefined : true}
              title={`${format(low)} – ${format(high)}: ${count(value)}`}
              onClick={onPick === undefined ? undefined : () => onPick(low, high)}
            >
              <span style={{ height: value === 0 ? 0 : `${Math.max(3, (value / most) * 100)}%` }} />
            </span>
          );
        })}
      </div>
      <div className={classes.ends}>
        <span>{format(edges[0] ?? 0)}</span>
        <span>{format(edges[edges.length - 1] ?? 0)}</span>
      </div>
    </div>
  );
}
