import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { ChartScatter } from 'lucide-react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { unitOf } from '@/model/kinds';
import { EmptyState } from '@/ui/EmptyState';

/** Why a dataset has no map. */
export function EmptyMap({ dataset }: { dataset: DatasetDetails }) {
  const isEmpty = dataset.sample_count === 0;
  return (
    <EmptyState
      icon={ChartScatter}
      title={isEmpty ? 'There is nothing to put on a map yet' : 'This dataset has no embeddings'}
      action={
        <Button component={Link} size="xs" to={`/d/${dataset.parent_id ?? dataset.id}/run`}>
          New run
        </Button>
      }
    >
      {isEmpty
        ? `A run adds ${unitOf(dataset.kind)}s to this dataset, with the embeddings that a map is made of.`
        : 'A map shows how similar samples are, which it takes from their embeddings. A run computes them.'}
    </EmptyState>
  );
}
