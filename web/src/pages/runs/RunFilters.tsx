import { Group, SegmentedControl, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { datasetsQuery } from '@/api/queries/datasets';
import { STANDING_WORDS, STANDINGS, type Standing } from '@/model/runs';

interface RunFiltersProps {
  standing: Standing | undefined;
  /** Name or id. */
  dataset: string | undefined;
  onChange: (search: { state?: string; dataset?: string }) => void;
}

/** Which runs are listed. */
export function RunFilters({ standing, dataset, onChange }: RunFiltersProps) {
  const { data } = useQuery(datasetsQuery);
  const datasets = data?.items ?? [];
  const chosen = datasets.find(({ id, name }) => id === dataset || name === dataset);
  return (
    <Group gap="md" mb="md">
      <SegmentedControl
        size="xs"
        aria-label="State"
        value={standing ?? 'all'}
        onChange={(value) => onChange({ state: value === 'all' ? undefined : value, dataset })}
        data={[
          { value: 'all', label: 'All' },
          ...STANDINGS.map((value) => ({ value, label: STANDING_WORDS[value] })),
        ]}
      />
      <Select
        size="xs"
        w={240}
        aria-label="Dataset"
        placeholder="Any dataset"
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'Any dataset' }}
        value={chosen?.id ?? null}
        onChange={(id) => onChange({ state: standing, dataset: id ?? undefined })}
        data={datasets.map(({ id, name }) => ({ value: id, label: name }))}
      />
    </Group>
  );
}
