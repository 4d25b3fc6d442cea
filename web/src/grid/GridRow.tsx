import type { Sample } from '@/api/queries/samples';
import { useSelection } from '@/model/selection';
import type { Tiling } from '@/model/tiles';
import { GridCell } from './SampleTile';
import type { DrawnBox } from './TileBoxes';
import type { GridCursor } from './useGridCursor';
import classes from './SampleGrid.module.css';

interface GridRowProps {
  datasetId: string;
  number: number;
  top: number;
  /** Tiles of the whole grid. */
  count: number;
  tiling: Tiling;
  sampleAt: (position: number) => Sample | undefined;
  showContext?: boolean;
  boxesOf?: (sample: Sample) => readonly DrawnBox[];
  cursor: GridCursor;
  focus?: string;
}

/** One row of tiles. */
export function GridRow({ datasetId, number, top, count, tiling, sampleAt, cursor, ...looks }: GridRowProps) {
  const members = useSelection((state) => (state.datasetId === datasetId ? state.members : null));
  const start = number * tiling.columns;
  const width = Math.min(tiling.columns, count - start);
  return (
    <div
      role="row"
      aria-rowindex={number + 1}
      className={classes.row}
      style={{ transform: `translateY(${top}px)`, height: tiling.rowHeight - tiling.gap }}
    >
      {Array.from({ length: Math.max(0, width) }, (_, column) => {
        const position = start + column;
        const sample = sampleAt(position);
        return (
          <GridCell
            key={column}
            sample={sample}
            position={position}
            column={column}
            left={column * (tiling.width + tiling.gap)}
            tiling={tiling}
            showContext={looks.showContext}
            boxes={sample && looks.boxesOf?.(sample)}
            isPicked={sample !== undefined && (members?.has(sample.index) ?? false)}
            isPicking={(members?.count ?? 0) > 0}
            isCursor={cursor.position === position}
            isFocused={sample !== undefined && sample.id === looks.focus}
            isTabStop={cursor.tabStop === position}
            onClick={cursor.onClick}
            onPick={cursor.onPick}
          />
        );
      })}
    </div>
  );
}
