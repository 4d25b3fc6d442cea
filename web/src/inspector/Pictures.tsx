import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { sampleQuery, type Prediction, type SampleDetails } from '@/api/queries/sample';
import { categoryLabel } from '@/model/format';
import { useScheme } from '@/ui/useScheme';
import { boxesOf, cropPrediction, predictionKey } from './boxesOf';
import { ImageWithBoxes } from './ImageWithBoxes';
import classes from './Inspector.module.css';

/** Of the longer side of what the inspector shows. */
const PICTURE_SIZE = 1024;
/** A crop below this is shown larger than it is. */
const CROP_HEIGHT = 220;

interface CropPicturesProps {
  sample: SampleDetails;
  crop: NonNullable<SampleDetails['crop']>;
  onFocus: (sampleId: string) => void;
}

/** A crop, and below it the image it was cut from, with its box and faintly those of the other objects. */
export function CropPictures({ sample, crop, onFocus }: CropPicturesProps) {
  const scheme = useScheme();
  const parent = useQuery(sampleQuery(crop.parent_dataset_id, crop.parent_sample_id));
  const own = cropPrediction(sample);
  const isParent = parent.data?.id === crop.parent_sample_id;
  const others = (isParent ? (parent.data?.predictions ?? []) : []).filter(
    (prediction) => predictionKey(prediction) !== predictionKey(crop),
  );
  const cropOf = (prediction: Prediction) => {
    const link = prediction.crops.find(({ dataset_id }) => dataset_id === sample.dataset_id);
    return link === undefined ? undefined : () => onFocus(link.sample_id);
  };
  const boxes = boxesOf(own === null ? others : [...others, own], scheme, {
    current: predictionKey(crop),
    onPick: cropOf,
  });
  return (
    <>
      <div className={classes.crop}>
        <img
          key={sample.id}
          src={sample.file_url}
          alt={`Crop of a ${categoryLabel(crop)}`}
          data-enlarged={sample.height < CROP_HEIGHT || undefined}
        />
      </div>
      {crop.stale && (
        <Alert color="yellow" variant="light" icon={<TriangleAlert size={17} />} mb="xs" p="xs">
          The image has changed since this crop was cut: its box may lie elsewhere now.
        </Alert>
      )}
      <ImageWithBoxes
        src={`/api/samples/${crop.parent_sample_id}/file?max_size=${PICTURE_SIZE}`}
        alt={`Image ${crop.parent_file_name}`}
        width={crop.parent_width}
        height={crop.parent_height}
        boxes={boxes}
      />
    </>
  );
}

/** An image with the boxes of its objects. Those with a crop lead to it. */
export function ImagePicture({ sample }: { sample: SampleDetails }) {
  const scheme = useScheme();
  const navigate = useNavigate();
  const open = ({ crops: [crop] }: Prediction) =>
    crop === undefined
      ? undefined
      : () =>
          void navigate({
            to: '/d/$dataset/samples/$sample',
            params: { dataset: crop.dataset_id, sample: crop.sample_id },
          });
  return (
    <ImageWithBoxes
      src={`${sample.file_url}?max_size=${PICTURE_SIZE}`}
      alt={`Image ${sample.file_name}`}
      width={sample.width}
      height={sample.height}
      boxes={boxesOf(sample.predictions ?? [], scheme, { onPick: open })}
    />
  );
}
