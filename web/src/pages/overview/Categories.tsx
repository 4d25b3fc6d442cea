import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { categoryLabel, counted } from '@/model/format';
import { colorAt } from '@/model/palette';
import { Bars } from '@/ui/Bars';
import { Panel } from '@/ui/Panel';
import { useScheme } from '@/ui/useScheme';
import { useOpenFiltered } from './useOpenFiltered';

const SHOWN_AT_FIRST = 12;

/** How often each category is there; a click leads to its samples. */
export function Categories({ dataset }: { dataset: DatasetDetails }) {
  const scheme = useScheme();
  const open = useOpenFiltered(dataset);
  const [isWhole, setWhole] = useState(false);
  const { categories } = dataset;
  const hasTasks = new Set(categories.map(({ task }) => task)).size > 1;
  const bars = (isWhole ? categories : categories.slice(0, SHOWN_AT_FIRST)).map((category, at) => ({
    key: String(at),
    label: categoryLabel(category) + (hasTasks ? ` (${category.task})` : ''),
    value: category.count,
    color: colorAt(category.category_id, scheme),
  }));
  return (
    <Panel title="Categories" aside={dataset.kind === 'crops' ? 'objects' : 'predictions on these images'}>
      {categories.length === 0 && (
        <Text size="sm" c="dimmed">
          None: the images have no predictions.
        </Text>
      )}
      <Bars
        bars={bars}
        onPick={({ key }) => {
          const picked = categories[Number(key)];
          if (picked !== undefined) {
            open({ categories: [{ category_id: picked.category_id, task: picked.task }] });
          }
        }}
      />
      {categories.length > SHOWN_AT_FIRST && (
        <Button variant="subtle" size="compact-sm" mt={6} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show fewer' : `Show all ${counted(categories.length, 'category', 'categories')}`}
        </Button>
      )}
    </Panel>
  );
}
