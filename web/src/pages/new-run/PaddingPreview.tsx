import { useMemo } from 'react';
import type { Preview } from '@/api/queries/previews';
import { varied } from '@/model/previewCounts';
import classes from './PaddingPreview.module.css';
import { PaddedCrop } from './PaddedCrop';

const CROPS_SHOWN = 6;

/** Objects that differ in category and size, cut with a padding as the run would, with a thin line where the box ends. */
export function PaddingPreview({ preview, padding }: { preview: Preview; padding: number }) {
  const crops = useMemo(() => {
    return varied(preview.images, CROPS_SHOWN).map((object) => ({
      object,
      image: preview.images.find(({ objects }) => objects.includes(object)),
    }));
  }, [preview]);
  return (
    <div className={classes.crops} role="group" aria-label="Crops with this padding">
      {crops.map(({ object, image }) => (
        <PaddedCrop key={object.crop_url} object={object} image={image} padding={padding} />
      ))}
    </div>
  );
}
