import { Button, Container, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Bookmark } from 'lucide-react';
import { useDataset, type DatasetDetails } from '@/api/queries/datasets';
import { viewsQuery, type View } from '@/api/queries/views';
import { samplesPath, unitOf } from '@/model/kinds';
import { EmptyState } from '@/ui/EmptyState';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { ViewCard } from './ViewCard';

/** The saved views of a dataset: rules, with what passes them now. */
export default function Page() {
  const { dataset: id } = useParams({ from: '/d/$dataset' });
  const dataset = useDataset(id);
  const views = useQuery(viewsQuery(id));
  const error = dataset.error ?? views.error;
  return (
    <Container size="md" py="lg">
      <PageHeader
        title="Views"
        about="Saved filters and orders. A view keeps the rule, so what is added later and passes it is in it, too."
      />
      {error !== null && <ProblemAlert error={error} onRetry={() => void views.refetch()} />}
      {error === null && (dataset.data === undefined || views.data === undefined) && (
        <Stack gap="sm">
          <Skeleton height={84} />
          <Skeleton height={84} />
        </Stack>
      )}
      {dataset.data !== undefined && views.data !== undefined && (
        <Views dataset={dataset.data} views={views.data.items} />
      )}
    </Container>
  );
}

function Views({ dataset, views }: { dataset: DatasetDetails; views: readonly View[] }) {
  const units = `${unitOf(dataset.kind)}s`;
  if (views.length === 0) {
    return (
      <EmptyState
        icon={Bookmark}
        title="No view is saved yet"
        action={
          <Button
            variant="light"
            renderRoot={(props) => (
              <Link {...props} to={samplesPath(dataset.kind)} params={{ dataset: dataset.id }} />
            )}
          >
            Go to the {units}
          </Button>
        }
      >
        Filter or sort the {units}, then choose Save view above them.
      </EmptyState>
    );
  }
  return (
    <Stack gap="sm">
      {views.map((view) => (
        <ViewCard key={view.id} dataset={dataset} view={view} />
      ))}
    </Stack>
  );
}
