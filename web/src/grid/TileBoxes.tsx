import type { Box } from '@/model/geometry';
import classes from './TileBoxes.module.css';

export interface DrawnBox {
  key: string;
  /** In pixels of the picture's own frame. */
  box: Box;
  color: string;
  category?: string | null;
  /** Less to be seen than the others. */
  isFaint?: boolean;
}

interface TileBoxesProps {
  boxes: readonly DrawnBox[];
  /** The part of the image that the picture shows. */
  frame: Box;
  /** Pixels of the picture, or all of what is around it. */
  width: number | '100%';
  height: number | '100%';
}

/** Thin outlines over a picture, never a fill: what is in them is what people want to see. */
export function TileBoxes({ boxes, frame, width, height }: TileBoxesProps) {
  const [left, top, right, bottom] = frame;
  return (
    <svg
      className={classes.boxes}
      width={width}
      height={height}
      viewBox={`${left} ${top} ${Math.max(1, right - left)} ${Math.max(1, bottom - top)}`}
      preserveAspectRatio="none"
      aria-hidden
    >
      {boxes.map(({ key, box: [x0, y0, x1, y1], color, category, isFaint }) => {
        const place = { x: x0, y: y0, width: Math.max(0, x1 - x0), height: Math.max(0, y1 - y0) };
        return (
          <g key={key} data-category={category} data-faint={isFaint || undefined}>
            <rect className={classes.halo} {...place} />
            <rect className={classes.line} stroke={color} {...place} />
          </g>
        );
      })}
    </svg>
  );
}
