import { useQuery } from '@tanstack/react-query';
import { sampleQuery, type Prediction, type SampleDetails } from '@/api/queries/sample';

/** The image that a page shows. */
export interface ShownImage {
  id: string;
  fileName: string;
  src: string;
  width: number;
  height: number;
  predictions: readonly Prediction[];
}

/** The largest picture that the server makes. Its pictures are upright and of a kind that every browser knows. */
const LARGEST_SIDE = 8192;

/** The image of a sample: itself, or of a crop what it was cut from. Null until all of it is known. */
export function useImageOf(sample: SampleDetails | undefined): ShownImage | null {
  const crop = sample?.crop ?? null;
  const parent = useQuery({
    ...sampleQuery(crop?.parent_dataset_id ?? '', crop?.parent_sample_id ?? ''),
    enabled: crop !== null,
  });
  if (sample === undefined) return null;
  if (crop === null) {
    const { id, file_name, width, height, predictions } = sample;
    return shown(id, file_name, width, height, predictions ?? []);
  }
  const isParent = parent.data?.id === crop.parent_sample_id;
  if (!isParent && parent.error === null) return null;
  return shown(
    crop.parent_sample_id,
    crop.parent_file_name,
    crop.parent_width,
    crop.parent_height,
    (isParent ? parent.data?.predictions : null) ?? [],
  );
}

function shown(
  id: string,
  fileName: string,
  width: number,
  height: number,
  predictions: readonly Prediction[],
): ShownImage {
  const side = Math.min(LARGEST_SIDE, Math.max(width, height));
  return { id, fileName, width, height, predictions, src: `/api/samples/${id}/file?max_size=${side}` };
}
