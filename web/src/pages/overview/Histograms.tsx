import { SimpleGrid, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '@/api/client';
import type { DatasetFamily } from '@/api/queries/datasets';
import { facetsQuery } from '@/api/queries/samples';
import { binFilter, HISTOGRAM_WORDS, trimmed, type HistogramName } from '@/model/histograms';
import { Histogram } from '@/ui/Histogram';
import { Panel } from '@/ui/Panel';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { useOpenFiltered } from './useOpenFiltered';

const OF_CROPS: readonly HistogramName[] = ['shorter_side', 'aspect_ratio', 'box_area', 'score'];
const OF_IMAGES: readonly HistogramName[] = ['object_count', 'score'];

/** How sizes, shapes and scores are distributed. How many objects an image has, only the images know. */
export function Histograms({ family: { dataset, images } }: { family: DatasetFamily }) {
  const isCrops = dataset.kind === 'crops';
  const own = useQuery(facetsQuery(dataset.id, undefined));
  const ofImages = useQuery({ ...facetsQuery(images.id, undefined), enabled: isCrops && images.id !== '' });
  if (own.error !== null) return <ProblemAlert error={own.error} onRetry={() => void own.refetch()} />;
  if (own.data === undefined)
    return <Skeleton height={240} radius="lg" role="status" aria-label="Loading histograms" />;
  const find = (facets: Schemas['FacetsDocument'] | undefined, name: HistogramName) =>
    facets?.histograms.find((histogram) => histogram.name === name);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      {(isCrops ? OF_CROPS : OF_IMAGES).map((name) => (
        <One key={name} histogram={find(own.data, name)} dataset={dataset} />
      ))}
      {isCrops && (
        <One histogram={find(ofImages.data, 'object_count')} dataset={{ id: images.id, kind: 'images' }} />
      )}
    </SimpleGrid>
  );
}

interface OneProps {
  histogram: Schemas['HistogramDocument'] | undefined;
  /** Whose samples are counted. */
  dataset: { id: string; kind: string };
}

function One({ histogram, dataset }: OneProps) {
  const open = useOpenFiltered(dataset);
  const shown = histogram === undefined ? null : trimmed(histogram);
  if (histogram === undefined || shown === null) return null;
  const { title, format } = HISTOGRAM_WORDS[histogram.name];
  return (
    <Panel title={title}>
      <Histogram
        edges={shown.edges}
        counts={shown.counts}
        label={title}
        format={format}
        height={88}
        onPick={(low, high) => open(binFilter(histogram, low, high))}
      />
    </Panel>
  );
}
