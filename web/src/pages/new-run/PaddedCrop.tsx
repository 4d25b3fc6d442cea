import { useEffect, useState } from 'react';
import { cropAddress, type PreviewImage, type PreviewObject } from '@/api/queries/previews';
import { boxInCrop, cropRect } from '@/model/cropping';
import { percent } from '@/model/format';
import classes from './PaddingPreview.module.css';

/** Twice what is shown, for screens with fine pixels. */
const SIZE = 208;

interface PaddedCropProps {
  object: PreviewObject;
  image: PreviewImage | undefined;
  padding: number;
}

/** One crop. The line around the box belongs to the picture that is there: both change once the next one has come. */
export function PaddedCrop({ object, image, padding }: PaddedCropProps) {
  const [shown, setShown] = useState(padding);
  useEffect(() => {
    if (padding === shown || object.crop_url === null) return;
    const next = new Image();
    next.onload = () => setShown(padding);
    next.src = cropAddress(object.crop_url, padding, SIZE);
    return () => {
      next.onload = null;
    };
  }, [padding, shown, object.crop_url]);
  if (object.crop_url === null) return null;
  return (
    <figure className={classes.crop}>
      <div className={classes.ground}>
        <div className={classes.picture}>
          <img
            src={cropAddress(object.crop_url, shown, SIZE)}
            alt={`${object.category} with ${percent(shown)} padding`}
          />
          {shown > 0 && <BoxLine object={object} image={image} padding={shown} />}
        </div>
      </div>
      <figcaption title={object.category}>{object.category}</figcaption>
    </figure>
  );
}

function BoxLine({ object, image, padding }: PaddedCropProps) {
  if (object.box === null || image?.width == null || image.height == null) return null;
  const crop = cropRect(object.box, image.width, image.height, padding);
  const { left, top, width, height } = boxInCrop(object.box, crop);
  const share = (value: number) => `${(value * 100).toFixed(2)}%`;
  return (
    <span
      className={classes.box}
      style={{ left: share(left), top: share(top), width: share(width), height: share(height) }}
    />
  );
}
