import { Stack } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { FindingItem } from '@/ui/FindingItem';

interface FindingsProps {
  findings: readonly Schemas['FindingDocument'][];
  /** The image dataset in which examples can be looked at. */
  dataset?: string;
}

const RANK: Record<string, number> = { error: 0, warning: 1 };
const rank = ({ severity }: Schemas['FindingDocument']): number => RANK[severity] ?? 2;

/** What a person should know about an input, the worst first. */
export function Findings({ findings, dataset }: FindingsProps) {
  return (
    <Stack gap="sm">
      {[...findings]
        .sort((a, b) => rank(a) - rank(b))
        .map((finding, at) => (
          <FindingItem key={`${finding.code}-${at}`} finding={finding} dataset={dataset} />
        ))}
    </Stack>
  );
}
