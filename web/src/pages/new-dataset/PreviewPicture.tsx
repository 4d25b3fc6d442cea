import { ImageOff } from 'lucide-react';
import { useState } from 'react';
import { pictureAddress, type PreviewImage, type PreviewObject } from '@/api/queries/previews';
import { TileBoxes, type DrawnBox } from '@/grid/TileBoxes';
import { baseName, counted } from '@/model/format';
import { colorAt, type Scheme } from '@/model/palette';
import { useScheme } from '@/ui/useScheme';
import classes from './NewDataset.module.css';

/** Twice the width of a tile, for screens with small pixels. */
const PICTURE_SIZE = 640;

/** One image of a place with the boxes of its objects. */
export function PreviewPicture({ image }: { image: PreviewImage }) {
  const [isBroken, setBroken] = useState(false);
  const scheme = useScheme();
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
            <TileBoxes
              boxes={drawnBoxes(objects, scheme)}
              frame={[0, 0, width, height]}
              width="100%"
              height="100%"
            />
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

/** The boxes as they are drawn; those that no run cuts are less to be seen. */
function drawnBoxes(objects: readonly PreviewObject[], scheme: Scheme): DrawnBox[] {
  return objects.flatMap(({ box, category_id, category, outcome }, at) =>
    box === null
      ? []
      : {
          key: String(at),
          box,
          color: colorAt(category_id, scheme),
          category,
          isFaint: outcome === 'outside' || outcome === 'zero_area',
        },
  );
}
