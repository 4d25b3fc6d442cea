import { useLayoutEffect, useMemo, useRef, type ReactNode } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { Sample, SampleRow } from '@/api/queries/samples';
import type { Filter, Sort } from '@/model/browsing';
import { tilingOf } from '@/model/tiles';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { GridRow } from './GridRow';
import { useBoxesOf } from './useBoxesOf';
import { useElementSize } from './useElementSize';
import { useGridCursor } from './useGridCursor';
import { useRowAccess, useRowInView, useSamplesAt } from './useSampleRow';
import { PADDING, useVirtualRows } from './useVirtualRows';
import classes from './SampleGrid.module.css';

export interface SampleGridProps {
  dataset: DatasetDetails;
  filter?: Filter;
  sort?: Sort;
  /** Pixels that a tile is wide, about. */
  tile: number;
  /** Show crops with what is around them. */
  showContext?: boolean;
  /** Draw the boxes of their predictions over images: those that pass what the filter says of category and score. */
  showBoxes?: boolean;
  /** Id of the sample that the inspector shows. */
  focus?: string;
  /** What it does to open a sample: put it into focus. */
  onOpen?: (sample: Sample) => void;
  /** What it does to close what was opened. */
  onClose?: () => void;
  /** Listen to keys wherever the focus is: for the grid that is what a page is about. */
  ownsKeys?: boolean;
  /** What stands there when nothing passes the filter. */
  empty?: ReactNode;
  /** What can be done about a filter that the server refuses. */
  onRefused?: (error: unknown) => ReactNode;
}

/** Samples as tiles, however many: to look at, to walk through with keys, and to pick. */
export function SampleGrid(props: SampleGridProps) {
  return <Grid key={props.dataset.id} {...props} />;
}

/** Height divided by width of the space of a picture: most photos are wider than high, crops have any shape. */
const aspectOf = (kind: string): number => (kind === 'crops' ? 1 : 0.75);

function Grid(props: SampleGridProps) {
  const { dataset, filter, sort, tile } = props;
  const withBoxes = (props.showBoxes ?? false) && dataset.kind !== 'crops';
  const asked = useMemo<SampleRow>(
    () => ({ datasetId: dataset.id, filter, sort, withBoxes }),
    [dataset.id, filter, sort, withBoxes],
  );
  const { row, total, isChanging, error, retry } = useRowInView(asked);
  const access = useRowAccess(row);
  const boxesOf = useBoxesOf(row.filter);
  const box = useRef<HTMLDivElement>(null);
  const size = useElementSize(box);
  const tiling = useMemo(
    () => tilingOf(Math.max(0, size.width - PADDING), tile, aspectOf(dataset.kind)),
    [size.width, tile, dataset.kind],
  );
  const { columns, rowHeight } = tiling;
  const count = total ?? (size.height === 0 ? 0 : columns * Math.ceil(size.height / rowHeight));
  const rowCount = Math.ceil(count / columns);
  const rows = useVirtualRows(box, { rowCount, rowHeight, columns, viewport: size.height });
  const sampleAt = useSamplesAt(row, rows.first * columns, Math.min(count, rows.end * columns));
  const cursor = useGridCursor({ ...props, box, row, access, total: total ?? 0, columns, rows });
  const { scrollToRow } = rows;
  useLayoutEffect(() => scrollToRow(0, 'top'), [row, scrollToRow]);

  if (error !== null && error !== undefined) {
    return (
      <div className={classes.message}>
        {props.onRefused?.(error) ?? <ProblemAlert error={error} onRetry={retry} />}
      </div>
    );
  }
  if (total === 0 && !isChanging) return <div className={classes.message}>{props.empty}</div>;
  return (
    <div
      ref={box}
      className={classes.grid}
      role="grid"
      aria-label={dataset.kind === 'crops' ? 'Objects' : 'Images'}
      aria-rowcount={rowCount}
      aria-colcount={columns}
      aria-multiselectable
      aria-busy={isChanging || total === undefined}
      data-changing={isChanging || undefined}
      onScroll={rows.onScroll}
      onKeyDown={cursor.onKeyDown}
    >
      <div role="rowgroup" className={classes.sheet} style={{ height: rows.height }}>
        {Array.from({ length: Math.max(0, rows.end - rows.first) }, (_, at) => rows.first + at).map(
          (number) => (
            <GridRow
              key={number}
              number={number}
              top={rows.topOf(number)}
              count={count}
              tiling={tiling}
              sampleAt={sampleAt}
              showContext={props.showContext}
              boxesOf={withBoxes ? boxesOf : undefined}
              cursor={cursor}
              focus={props.focus}
              datasetId={dataset.id}
            />
          ),
        )}
      </div>
    </div>
  );
}
