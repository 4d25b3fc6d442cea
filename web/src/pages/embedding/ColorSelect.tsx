import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Palette } from 'lucide-react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { Projection } from '@/api/queries/projections';
import { facetsQuery } from '@/api/queries/samples';
import { columnChoices } from './naming';

interface ColorSelectProps {
  dataset: DatasetDetails;
  projection: Projection;
  color: string;
  onColor: (color: string) => void;
}

/** What the points are coloured by. */
export function ColorSelect({ dataset, projection, color, onColor }: ColorSelectProps) {
  const facets = useQuery(facetsQuery(dataset.id, undefined));
  return (
    <Select
      size="xs"
      w={190}
      aria-label="Colour by"
      data-colors
      leftSection={<Palette size={14} aria-hidden />}
      data={columnChoices(projection, dataset, facets.data?.metadata ?? [], color)}
      value={color}
      allowDeselect={false}
      searchable
      maxDropdownHeight={420}
      comboboxProps={{ width: 230, position: 'bottom-start' }}
      onChange={(value) => value !== null && onColor(value)}
    />
  );
}
