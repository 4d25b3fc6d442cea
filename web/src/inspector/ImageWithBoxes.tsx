import type { Box } from '@/model/geometry';
import { BoxOutline } from './BoxOutline';
import classes from './ImageWithBoxes.module.css';

/** A box to be drawn over an image, in pixels of the image. */
export interface DrawnBox {
  key: string;
  box: Box;
  color: string;
  label: string;
  /** One of the others: drawn faint. */
  isFaint?: boolean;
  onPick?: () => void;
}

interface ImageWithBoxesProps {
  src: string;
  alt: string;
  /** Pixels of the upright image. */
  width: number;
  height: number;
  boxes: readonly DrawnBox[];
}

/** An image as large as there is room for, with boxes over it: outlines only, nothing covers what they show. */
export function ImageWithBoxes({ src, alt, width, height, boxes }: ImageWithBoxesProps) {
  return (
    <div className={classes.frame} style={{ aspectRatio: `${width} / ${height}` }}>
      <img className={classes.image} src={src} alt={alt} draggable={false} />
      <svg className={classes.boxes} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
        {boxes.map(({ key, ...drawn }) => (
          <BoxOutline key={key} {...drawn} />
        ))}
      </svg>
    </div>
  );
}
