import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DatasetDetails } from '@/api/queries/datasets';
import { givenTags } from '@/api/queries/tags';
import { viewsQuery } from '@/api/queries/views';
import type { Source } from '@/model/exports';
import { count, counted } from '@/model/format';
import { unitOf } from '@/model/kinds';
import { useSelection } from '@/model/selection';

interface SourceSelectProps {
  dataset: DatasetDetails;
  source: Source;
  onChange: (source: Source) => void;
}

/** Which samples an export is of. */
export function SourceSelect({ dataset, source, onChange }: SourceSelectProps) {
  const { data: views } = useQuery(viewsQuery(dataset.id));
  const picked = useSelection((state) => (state.datasetId === dataset.id ? state.members.count : 0));
  const unit = unitOf(dataset.kind);
  const tags = givenTags(dataset.tags);
  const plain = [{ value: 'all', label: `All ${counted(dataset.sample_count, unit)}` }];
  if (picked > 0) plain.push({ value: 'picked', label: `The ${counted(picked, unit)} that are picked` });
  if (source.startsWith('sel:')) plain.push({ value: source, label: 'What was selected before coming here' });
  const groups = [
    { group: 'Everything', items: plain },
    {
      group: 'A tag',
      items: tags.map(({ id, name, size }) => ({ value: `tag:${id}`, label: `${name} (${count(size)})` })),
    },
    {
      group: 'A saved view',
      items: (views?.items ?? []).map(({ id, name }) => ({ value: `view:${id}`, label: name })),
    },
  ];
  return (
    <Select
      label="What to export"
      maw={420}
      data={groups.filter(({ items }) => items.length > 0)}
      value={source}
      allowDeselect={false}
      searchable={tags.length > 8}
      onChange={(value) => value !== null && onChange(value)}
    />
  );
}
