/** Where keys lead in a grid of numbered tiles. */

export interface GridShape {
  total: number;
  columns: number;
  /** Rows that are in view at once. */
  pageRows: number;
}

const STEPS: Record<string, (shape: GridShape) => number> = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: ({ columns }) => -columns,
  ArrowDown: ({ columns }) => columns,
  PageUp: ({ columns, pageRows }) => -columns * Math.max(1, pageRows),
  PageDown: ({ columns, pageRows }) => columns * Math.max(1, pageRows),
};

export const MOVING_KEYS = [...Object.keys(STEPS), 'Home', 'End'];

/** The tile that a key leads to from a tile; `start` is where one begins who is nowhere. */
export function moved(from: number | null, key: string, shape: GridShape, start = 0): number {
  const last = shape.total - 1;
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (from === null) return Math.min(start, last);
  const step = STEPS[key]?.(shape) ?? 0;
  const wanted = from + step;
  if (wanted >= 0 && wanted <= last) return wanted;
  if (Math.abs(step) <= 1) return from;
  // Up and down stay in their column, but for the last row, which may be short.
  if (step > 0) return rowOf(from, shape) === rowOf(last, shape) ? from : lastInColumn(from, shape);
  return from % shape.columns;
}

function rowOf(position: number, { columns }: GridShape): number {
  return Math.floor(position / columns);
}

function lastInColumn(from: number, shape: GridShape): number {
  const last = shape.total - 1;
  const below = rowOf(last, shape) * shape.columns + (from % shape.columns);
  return Math.min(below, last);
}
