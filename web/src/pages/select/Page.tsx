import { Container, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { useDataset, type DatasetDetails } from '@/api/queries/datasets';
import { runQuery } from '@/api/queries/runs';
import { formOfSelection, NEW_SELECTION, type SelectForm } from '@/model/runForm';
import { EmptyState } from '@/ui/EmptyState';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { Shapes } from 'lucide-react';
import { SelectAgain } from './SelectAgain';

/** Choose again among samples that are there: all of a dataset, those of a tag, a view or a stored selection. */
export default function Page() {
  const { dataset: id } = useParams({ from: '/d/$dataset/select' });
  const { tag, sel, clone } = useSearch({ from: '/d/$dataset/select' });
  const { data: dataset, error } = useDataset(id);
  const cloned = useQuery({ ...runQuery(clone ?? ''), enabled: clone !== undefined, refetchInterval: false });
  const problem = error ?? cloned.error;
  if (problem) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={problem} />
      </Container>
    );
  }
  if (dataset === undefined || (clone !== undefined && cloned.data === undefined)) {
    return (
      <Container size="xl" py="lg">
        <Skeleton height={420} role="status" aria-label="Loading the form" />
      </Container>
    );
  }
  const first =
    cloned.data === undefined
      ? { ...NEW_SELECTION, source: sourceOf(dataset, tag, sel) }
      : formOfSelection(cloned.data);
  return (
    <Container size="xl" py="lg">
      <PageHeader
        title="Select again"
        about={`Choose a part of ${dataset.name} by what it looks like. The result is a tag; nothing is copied or removed.`}
      />
      {dataset.sample_count === 0 ? (
        <EmptyState icon={Shapes} title="Nothing to choose from">
          This dataset has no samples yet. A run adds some.
        </EmptyState>
      ) : (
        <SelectAgain key={keyOf(first, clone)} dataset={dataset} first={first} clonedFrom={clone} />
      )}
    </Container>
  );
}

/** What the address says to choose from; tags go there by name or id. */
function sourceOf(dataset: DatasetDetails, tag: string | undefined, sel: string | undefined): string {
  if (sel !== undefined) return `selection:${sel}`;
  const found = dataset.tags.find(({ id, name }) => id === tag || name === tag);
  return found === undefined ? 'all' : `tag:${found.name}`;
}

const keyOf = ({ source }: SelectForm, clone: string | undefined): string => `${source}-${clone ?? ''}`;
