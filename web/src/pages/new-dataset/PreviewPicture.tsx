import { ImageOff } from 'lucide-react';
import { useState } from 'react';
import { pictureAddress, type PreviewImage, type PreviewObject } from '@/api/queries/previews';
import { baseName, counted } from '@/model/format';
import { colorAt } from '@/model/palette';
import { useScheme } from '@/ui/useScheme';
import classes from './NewDataset.module.css';

/** Twice the width of a tile, for screens with small pixels. */
const PICTURE_SIZE = 640;

/** One image of a place with the boxes of its objects. */
export function PreviewPicture({ image }: { image: PreviewImage }) {
  const [isBroken, setBroken] = useState(false);
  const { width, height, objects, problem } = image;
  const isShown = width !== null && height !== null && !isBroken;
  return (
    <figure className={classes.picture} data-problem={problem === null ? undefined : true}>
      <div className={classes.frame}>
        {isShown ? (
          <div className={classes.fitted} style={{ aspectRatio: `${width} / ${height}` }}>
            <img
              src={pictureAddress(image.picture_url, PICTURE_SIZE)}
              alt={image.key}
              loading="lazy"
              decoding="async"
              onError={() => setBroken(true)}
            />
            <Boxes width={width} height={height} objects={objects} />
          </div>
        ) : (
          <ImageOff size={24} strokeWidth={1.4} aria-label="No picture" />
        )}
      </div>
      <figcaption title={image.key}>
        <span>{baseName(image.key)}</span>
        <small>{objects.length > 0 ? counted(objects.length, 'object') : ''}</small>
      </figcaption>
      {problem !== null && <p className={classes.problem}>{problem}</p>}
    </figure>
  );
}

interface BoxesProps {
  width: number;
  height: number;
  objects: readonly PreviewObject[];
}

function Boxes({ width, height, objects }: BoxesProps) {
  const scheme = useScheme();
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden>
      {objects.map(({ box, category_id, category, outcome }, at) => {
        if (box === null) return null;
        const [x0, y0, x1, y1] = box;
        const place = { x: x0, y: y0, width: Math.max(0, x1 - x0), height: Math.max(0, y1 - y0) };
        return (
          <g key={at} data-category={category} data-unused={outcome === 'used' ? undefined : outcome}>
            <rect className={classes.halo} {...place} />
            <rect className={classes.line} stroke={colorAt(category_id, scheme)} {...place} />
          </g>
        );
      })}
    </svg>
  );
}
