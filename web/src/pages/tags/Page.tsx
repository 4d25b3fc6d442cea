import { Button, Container, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Combine, Merge } from 'lucide-react';
import { useState } from 'react';
import { useDataset, type DatasetDetails } from '@/api/queries/datasets';
import { givenTags, tagsQuery, type Tag } from '@/api/queries/tags';
import { unitOf } from '@/model/kinds';
import { EmptyState } from '@/ui/EmptyState';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { CombineDialog } from './CombineDialog';
import { History } from './History';
import { MergeDialog } from './MergeDialog';
import { TagTable } from './TagTable';

/** The tags of a dataset: what is in them, and what can be made of them. */
export default function Page() {
  const { dataset: id } = useParams({ from: '/d/$dataset' });
  const dataset = useDataset(id);
  const tags = useQuery(tagsQuery(id));
  const error = dataset.error ?? tags.error;
  return (
    <Container size="lg" py="lg">
      {error !== null && <ProblemAlert error={error} onRetry={() => void tags.refetch()} />}
      {dataset.data !== undefined && tags.data !== undefined ? (
        <Tags dataset={dataset.data} tags={tags.data.items} />
      ) : (
        error === null && <Loading />
      )}
    </Container>
  );
}

type Asked = { dialog: 'combine' } | { dialog: 'merge'; sources: string[] };

function Tags({ dataset, tags }: { dataset: DatasetDetails; tags: Tag[] }) {
  const [asked, ask] = useState<Asked | null>(null);
  const given = givenTags(tags);
  const units = `${unitOf(dataset.kind)}s`;
  const close = () => ask(null);
  return (
    <>
      <PageHeader
        title="Tags"
        about={`Named sets of ${units}. Whatever is done to them can be taken back.`}
        actions={
          given.length > 0 && (
            <>
              <Button
                variant="default"
                leftSection={<Merge size={16} />}
                onClick={() => ask({ dialog: 'merge', sources: [] })}
              >
                Merge
              </Button>
              <Button leftSection={<Combine size={16} />} onClick={() => ask({ dialog: 'combine' })}>
                Combine
              </Button>
            </>
          )
        }
      />
      <TagTable
        dataset={dataset}
        tags={tags}
        onMerge={(tag) => ask({ dialog: 'merge', sources: [tag.id] })}
      />
      {given.length === 0 && (
        <EmptyState icon={Combine} title="No tag was given yet">
          Pick some {units} and press t, or let a selection choose: what it takes becomes a tag.
        </EmptyState>
      )}
      <History datasetId={dataset.id} />
      {asked?.dialog === 'combine' && <CombineDialog dataset={dataset} tags={tags} onClose={close} />}
      {asked?.dialog === 'merge' && (
        <MergeDialog datasetId={dataset.id} tags={given} sources={asked.sources} onClose={close} />
      )}
    </>
  );
}

function Loading() {
  return (
    <Stack gap="sm">
      <PageHeader title="Tags" about={<Text span>&nbsp;</Text>} />
      {Array.from({ length: 4 }, (_, row) => (
        <Skeleton key={row} height={38} />
      ))}
    </Stack>
  );
}
