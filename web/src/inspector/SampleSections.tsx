import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { Prediction, SampleDetails } from '@/api/queries/sample';
import { samplesPath } from '@/model/kinds';
import { metadataFacts } from '@/model/sampleWords';
import { CopyButton } from '@/ui/CopyButton';
import { Section } from './Facts';
import { NeighborStrip } from './NeighborStrip';
import { ObjectList } from './ObjectList';
import { MetadataFacts, Provenance, SampleFacts } from './SampleFacts';
import { TagPills } from './TagPills';

interface SampleSectionsProps {
  dataset: DatasetDetails;
  sample: SampleDetails;
  onFocus: (sampleId: string) => void;
  /** Stands where the objects of an image are listed otherwise. */
  children?: ReactNode;
}

/** Everything one knows of a sample but its pictures. */
export function SampleSections({ dataset, sample, onFocus, children }: SampleSectionsProps) {
  const { scores, others } = metadataFacts(sample.metadata);
  return (
    <>
      <Section title={sample.crop === null ? 'Image' : 'Object'}>
        <SampleFacts sample={sample} />
      </Section>
      <Section title="Tags">
        <TagPills dataset={dataset} sample={sample} />
      </Section>
      {scores.length > 0 && (
        <Section title="Scores">
          <MetadataFacts facts={scores} />
        </Section>
      )}
      {others.length > 0 && (
        <Section title={sample.crop === null ? 'Metadata' : 'Metadata of the image'}>
          <MetadataFacts facts={others} />
        </Section>
      )}
      {children ?? <Objects predictions={sample.predictions ?? []} />}
      <Section title="Similar" action={<ShowAllSimilar dataset={dataset} sampleId={sample.id} />}>
        <NeighborStrip datasetId={dataset.id} sampleId={sample.id} onOpen={onFocus} />
      </Section>
      <Section
        title="Provenance"
        action={<CopyButton text={JSON.stringify(sample, null, 2)} label="Copy all of it as JSON" />}
      >
        <Provenance sample={sample} />
      </Section>
    </>
  );
}

function Objects({ predictions }: { predictions: readonly Prediction[] }) {
  if (predictions.length === 0) return null;
  return (
    <Section title="Objects">
      <ObjectList predictions={predictions} />
    </Section>
  );
}

/** All samples of the dataset by their distance from one. */
function ShowAllSimilar({
  dataset,
  sampleId,
}: {
  dataset: Pick<DatasetDetails, 'id' | 'kind'>;
  sampleId: string;
}) {
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      renderRoot={(props) => (
        <Link
          {...props}
          to={samplesPath(dataset.kind)}
          params={{ dataset: dataset.id }}
          search={{ sort: { key: 'distance', descending: false, reference_sample_id: sampleId } }}
        />
      )}
    >
      Show all
    </Button>
  );
}
