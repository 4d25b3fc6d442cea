import { Button, Group, Text } from '@mantine/core';
import type { DatasetDetails } from '@/api/queries/datasets';
import { count } from '@/model/format';
import { useSelection } from '@/model/selection';
import classes from './SelectionBar.module.css';

/** What is picked and what can be done with it; there only while something is. */
export function SelectionBar({ dataset }: { dataset: DatasetDetails }) {
  const picked = useSelection((state) => (state.datasetId === dataset.id ? state.members.count : 0));
  const clear = useSelection((state) => state.clear);
  if (picked === 0) return null;
  return (
    <div className={classes.bar} role="region" aria-label="Picked samples">
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {count(picked)} of {count(dataset.sample_count)} picked
        </Text>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={clear}>
          Clear
        </Button>
      </Group>
    </div>
  );
}
