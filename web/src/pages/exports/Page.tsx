import { Container, Stack } from '@mantine/core';
import { useParams, useSearch } from '@tanstack/react-router';
import { useDataset, type DatasetDetails } from '@/api/queries/datasets';
import { EmptyState } from '@/ui/EmptyState';
import { PageHeader } from '@/ui/PageHeader';
import { Download } from 'lucide-react';
import { History } from './History';
import { NewExportForm } from './NewExportForm';

export default function Page() {
  const { dataset } = useParams({ from: '/d/$dataset/exports' });
  const { data } = useDataset(dataset);
  return data === undefined ? null : <Exports key={data.id} dataset={data} />;
}

function Exports({ dataset }: { dataset: DatasetDetails }) {
  const { tag, sel } = useSearch({ from: '/d/$dataset/exports' });
  const named = dataset.tags.find(({ id, name }) => id === tag || name === tag);
  const begin = sel !== undefined ? `sel:${sel}` : named !== undefined ? `tag:${named.id}` : 'all';
  return (
    <Container size="xl" py="lg">
      <PageHeader
        title="Exports"
        about="Files for other programs, made on the server and kept for a week. They hold the samples as they are when you ask."
      />
      {dataset.sample_count === 0 ? (
        <EmptyState icon={Download} title="There is nothing to export yet">
          The dataset is empty until a run has added samples to it.
        </EmptyState>
      ) : (
        <Stack gap="lg">
          <NewExportForm key={begin} dataset={dataset} begin={begin} />
          <History dataset={dataset} />
        </Stack>
      )}
    </Container>
  );
}
