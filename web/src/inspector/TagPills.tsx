import { ActionIcon, Group, Pill, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { TagDialog } from '@/acting/TagDialog';
import { untagSamples } from '@/acting/tagging';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { SampleDetails } from '@/api/queries/sample';
import { INITIAL_TAG, tagsQuery } from '@/api/queries/tags';
import { colorOfId } from '@/model/palette';
import { ColorDot } from '@/ui/ColorDot';
import { useScheme } from '@/ui/useScheme';

interface TagPillsProps {
  dataset: Pick<DatasetDetails, 'id' | 'kind'>;
  sample: SampleDetails;
}

/** The tags of one sample, to take away and to add to. */
export function TagPills({ dataset, sample }: TagPillsProps) {
  const [isAdding, setAdding] = useState(false);
  const scheme = useScheme();
  const { data } = useQuery(tagsQuery(dataset.id));
  const selector = { all_of: [{ ids: [sample.id] }], except_ids: [] };
  const idOf = (name: string) => data?.items.find((tag) => tag.name === name)?.id ?? name;
  return (
    <Group gap={6}>
      {(sample.tags ?? [])
        .filter((tag) => tag !== INITIAL_TAG)
        .map((tag) => (
          <Pill
            key={tag}
            withRemoveButton
            removeButtonProps={{ 'aria-label': `Take out of ${tag}`, 'aria-hidden': false, tabIndex: 0 }}
            onRemove={() => void untagSamples(dataset, selector, tag)}
          >
            <ColorDot size={8} color={colorOfId(idOf(tag), scheme)} /> {tag}
          </Pill>
        ))}
      <Tooltip label="Add a tag">
        <ActionIcon
          size="sm"
          variant="light"
          color="gray"
          aria-label="Add a tag"
          onClick={() => setAdding(true)}
        >
          <Plus size={14} />
        </ActionIcon>
      </Tooltip>
      {isAdding && (
        <TagDialog
          dataset={dataset}
          mode="tag"
          selector={selector}
          selectorKey={sample.id}
          sampleCount={1}
          onClose={() => setAdding(false)}
        />
      )}
    </Group>
  );
}
