import { memo, type MouseEvent } from 'react';
import type { Sample } from '@/api/queries/samples';
import { baseName, categoryLabel, score } from '@/model/format';
import { colorAt } from '@/model/palette';
import type { Tiling } from '@/model/tiles';
import { useScheme } from '@/ui/useScheme';
import { pictureOf } from './pictureOf';
import { TileBoxes, type DrawnBox } from './TileBoxes';
import { TilePicture } from './TilePicture';
import classes from './SampleTile.module.css';

export interface SampleTileProps {
  sample: Sample;
  tiling: Pick<Tiling, 'width' | 'height' | 'caption'>;
  /** Show a crop with what is around it. */
  showContext?: boolean;
  /** Outlines over an image, in its pixels. */
  boxes?: readonly DrawnBox[];
}

/** A sample as people look at it: its picture, with its words below where there is room. */
export const SampleTile = memo(function SampleTile({ sample, tiling, showContext, boxes }: SampleTileProps) {
  const scheme = useScheme();
  const { crop } = sample;
  const color = crop === null ? '' : colorAt(crop.category_id, scheme);
  const picture = pictureOf(sample, tiling, {
    withContext: showContext,
    pixelRatio: window.devicePixelRatio,
  });
  const drawn = picture.box === null ? boxes : [{ key: 'crop', box: picture.box, color }];
  return (
    <>
      <div className={classes.stage} style={{ width: tiling.width, height: tiling.height }}>
        <div className={classes.frame} style={{ width: picture.width, height: picture.height }}>
          <TilePicture
            url={picture.url}
            alt={crop === null ? baseName(sample.file_name) : categoryLabel(crop)}
            width={picture.width}
            height={picture.height}
          />
          {drawn !== undefined && drawn.length > 0 && (
            <TileBoxes boxes={drawn} frame={picture.frame} width={picture.width} height={picture.height} />
          )}
        </div>
      </div>
      {tiling.caption > 0 && (
        <div className={classes.caption}>
          {crop === null ? (
            <span className={classes.name}>{baseName(sample.file_name)}</span>
          ) : (
            <>
              <span className={classes.dot} style={{ background: color }} />
              <span className={classes.name}>{categoryLabel(crop)}</span>{' '}
              <span className={classes.score}>{crop.score === null ? '' : score(crop.score)}</span>
            </>
          )}
        </div>
      )}
    </>
  );
});

interface GridCellProps extends Omit<SampleTileProps, 'sample'> {
  sample: Sample | undefined;
  position: number;
  column: number;
  left: number;
  isPicked: boolean;
  /** Something is picked: boxes to pick with stay in view. */
  isPicking: boolean;
  isCursor: boolean;
  /** The inspector shows it. */
  isFocused: boolean;
  isTabStop: boolean;
  onClick: (position: number, event: MouseEvent) => void;
  onPick: (position: number, event: MouseEvent) => void;
}

/** One cell of the grid, also while its sample is being fetched. */
export const GridCell = memo(function GridCell(props: GridCellProps) {
  const { sample, position, column, left, tiling, isPicked, isPicking, onClick, onPick } = props;
  const words = sample === undefined ? 'Loading' : inWords(sample);
  return (
    <div
      role="gridcell"
      aria-colindex={column + 1}
      aria-selected={isPicked}
      aria-label={words}
      tabIndex={props.isTabStop ? 0 : -1}
      className={tiling.width < 88 ? `${classes.tile} ${classes.small}` : classes.tile}
      style={{ position: 'absolute', left, width: tiling.width }}
      title={sample?.file_name}
      data-position={position}
      data-cursor={props.isCursor || undefined}
      data-focused={props.isFocused || undefined}
      data-picking={isPicking || undefined}
      onClick={(event) => onClick(position, event)}
    >
      {sample === undefined ? (
        <div className={classes.skeleton} style={{ height: tiling.height }} />
      ) : (
        <>
          <input
            type="checkbox"
            className={classes.pick}
            checked={isPicked}
            tabIndex={-1}
            aria-label={`Pick ${words}`}
            onChange={() => undefined}
            onClick={(event) => {
              event.stopPropagation();
              onPick(position, event);
            }}
          />
          <SampleTile sample={sample} tiling={tiling} showContext={props.showContext} boxes={props.boxes} />
        </>
      )}
    </div>
  );
});

/** Begins with the words that are seen below the picture. */
function inWords({ file_name, crop }: Sample): string {
  if (crop === null) return baseName(file_name);
  const rating = crop.score === null ? '' : ` ${score(crop.score)}`;
  return `${categoryLabel(crop)}${rating}, ${baseName(file_name)}`;
}
