import { Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { DatasetDetails } from '@/api/queries/datasets';
import { latestRunsQuery } from '@/api/queries/runs';
import { resultQuery } from '@/api/queries/runs';
import { FindingItem } from '@/ui/FindingItem';
import { Panel } from '@/ui/Panel';

/** What the newest run through the input found out about it. */
export function Problems({ dataset }: { dataset: DatasetDetails }) {
  const runs = useQuery(latestRunsQuery(dataset.id));
  const run = runs.data?.items.find(({ kind, has_result }) => kind === 'object-level' && has_result);
  const result = useQuery({ ...resultQuery(run?.id ?? ''), enabled: run !== undefined });
  if (runs.data === undefined)
    return <Skeleton height={80} radius="lg" role="status" aria-label="Loading problems" />;
  if (run === undefined) return null;
  const findings = result.data !== undefined && 'findings' in result.data ? (result.data.findings ?? []) : [];
  return (
    <Panel
      title="Problems in the input"
      aside={
        <Link to="/runs/$run" params={{ run: run.id }}>
          The run that looked
        </Link>
      }
    >
      {result.data !== undefined && findings.length === 0 && (
        <Text size="sm" c="dimmed">
          None. The newest run found nothing odd in the images or their predictions.
        </Text>
      )}
      <Stack gap="sm">
        {findings.map((finding) => (
          <FindingItem key={finding.code + finding.message} finding={finding} />
        ))}
      </Stack>
    </Panel>
  );
}
