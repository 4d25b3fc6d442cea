import { Button, Group, Loader, Modal, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { Bitmap } from '@/model/bitmap';
import { counted } from '@/model/format';
import { unitOf } from '@/model/kinds';
import { selectorOf } from '@/model/selection';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { ruleBehind, useShownRule } from './shownRule';
import { TagDialog } from './TagDialog';
import { ViewNameForm } from './ViewNameForm';

interface SaveSelectionDialogProps {
  dataset: DatasetDetails;
  members: Bitmap;
  onClose: () => void;
}

/** Save what is picked as a view, where the filter of the page says the same; else a tag is what keeps it. */
export function SaveSelectionDialog({ dataset, members, onClose }: SaveSelectionDialogProps) {
  const [isTagging, setTagging] = useState(false);
  const shown = useShownRule();
  const key = members.toBase64();
  const { data: rule, error } = useQuery({
    queryKey: ['samples', dataset.id, 'rule', key, shown.filter],
    queryFn: () => ruleBehind(dataset.id, members, shown),
  });
  if (isTagging) {
    return (
      <TagDialog
        dataset={dataset}
        mode="tag"
        selector={selectorOf(members)}
        selectorKey={key}
        sampleCount={members.count}
        onClose={onClose}
      />
    );
  }
  return (
    <Modal opened onClose={onClose} title="Save as view">
      {error !== null && <ProblemAlert error={error} />}
      {rule === undefined && error === null && <Loader size="sm" aria-label="Comparing with the filter" />}
      {rule === null && (
        <>
          <Text size="sm">
            Views keep rules, and no filter of this page says which{' '}
            {counted(members.count, unitOf(dataset.kind))} these are. A tag keeps exactly them.
          </Text>
          <Group justify="flex-end" mt="md">
            <Button onClick={() => setTagging(true)}>Tag them instead</Button>
          </Group>
        </>
      )}
      {rule != null && (
        <ViewNameForm
          dataset={dataset}
          rule={{ filter: rule.filter, sort: shown.sort ?? { key: 'index', descending: false } }}
          onSaved={onClose}
        />
      )}
    </Modal>
  );
}
