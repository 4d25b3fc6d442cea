import { Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DatasetDetails } from '@/api/queries/datasets';
import { sampleQuery } from '@/api/queries/sample';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { CropPictures, ImagePicture } from './Pictures';
import { SampleSections } from './SampleSections';

interface SampleBodyProps {
  dataset: DatasetDetails;
  sampleId: string;
  /** Look at another sample of the dataset. */
  onFocus: (sampleId: string) => void;
}

/** Pictures of a sample and everything one knows of it. */
export function SampleBody({ dataset, sampleId, onFocus }: SampleBodyProps) {
  const { data: sample, error } = useQuery(sampleQuery(dataset.id, sampleId));
  if (error) return <ProblemAlert error={error} />;
  if (sample === undefined) {
    return (
      <Stack gap="sm">
        <Skeleton height={220} />
        <Skeleton height={190} />
        <Skeleton height={160} />
      </Stack>
    );
  }
  return (
    <>
      {sample.crop === null ? (
        <ImagePicture sample={sample} />
      ) : (
        <CropPictures sample={sample} crop={sample.crop} onFocus={onFocus} />
      )}
      <SampleSections dataset={dataset} sample={sample} onFocus={onFocus} />
    </>
  );
}
