import { useQuery } from '@tanstack/react-query';
import { Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { selectionCountQuery } from '@/api/queries/selections';
import { givenTags, tagsQuery } from '@/api/queries/tags';
import type { Bitmap } from '@/model/bitmap';
import { count, counted } from '@/model/format';
import { unitOf } from '@/model/kinds';
import { DIGITS, useQuickTags } from '@/model/quickTags';
import { selectorOf, useSelection } from '@/model/selection';
import { notifyDone } from '@/ui/notify';
import { useKeys, type Keys } from '@/ui/useKeys';
import { PythonDialog } from './PythonDialog';
import { SaveSelectionDialog } from './SaveSelectionDialog';
import classes from './SelectionBar.module.css';
import { SelectionActions, type Asked } from './SelectionActions';
import { TagDialog } from './TagDialog';
import { tagSamples } from './tagging';
import { redoLast, undoLast } from './undoing';
import { useStoredSelection } from './useStoredSelection';

/** What is picked and what can be done with it; there only while something is. */
export function SelectionBar({ dataset }: { dataset: DatasetDetails }) {
  const members = useSelection((state) => (state.datasetId === dataset.id ? state.members : null));
  useStoredSelection(dataset.id);
  useKeys({
    'ctrl+z': () => void undoLast(dataset.id),
    'ctrl+shift+z': () => void redoLast(dataset.id),
  });
  return members === null || members.count === 0 ? null : <Bar dataset={dataset} members={members} />;
}

const COUNT_AFTER_MS = 250;

interface BarProps {
  dataset: DatasetDetails;
  members: Bitmap;
}

function Bar({ dataset, members }: BarProps) {
  const [asked, ask] = useState<Asked | null>(null);
  const [settled] = useDebouncedValue(members, COUNT_AFTER_MS);
  const isCrops = dataset.kind === 'crops';
  const counts = useQuery({
    ...selectionCountQuery(dataset.id, settled.toBase64(), () => selectorOf(settled)),
    enabled: isCrops,
  });
  const images = counts.data?.count === members.count ? counts.data.image_count : null;
  useKeys({ t: () => ask('tag'), ...useQuickTagKeys(dataset, members) });
  const close = () => ask(null);
  return (
    <div className={classes.bar} role="region" aria-label="Picked samples">
      <Text size="sm" className={classes.count} aria-live="polite">
        <b>{count(members.count)}</b> of {counted(dataset.sample_count, unitOf(dataset.kind))}
        {isCrops && images !== null && <span> in {counted(images, 'image')}</span>}
      </Text>
      <SelectionActions dataset={dataset} members={members} onAsk={ask} />
      {(asked === 'tag' || asked === 'untag') && (
        <TagDialog
          dataset={dataset}
          mode={asked}
          selector={selectorOf(members)}
          selectorKey={members.toBase64()}
          sampleCount={members.count}
          onClose={close}
        />
      )}
      {asked === 'view' && <SaveSelectionDialog dataset={dataset} members={members} onClose={close} />}
      {asked === 'python' && <PythonDialog dataset={dataset} members={members} onClose={close} />}
    </div>
  );
}

/** The digits: each puts what is picked into its tag. */
function useQuickTagKeys(dataset: DatasetDetails, members: Bitmap): Keys {
  const { data } = useQuery(tagsQuery(dataset.id));
  const quickTags = useQuickTags(dataset.id);
  const press = (digit: string) => {
    const tag = givenTags(data?.items ?? []).find(({ id }) => id === quickTags[digit]);
    if (tag === undefined)
      notifyDone(`No tag has the key ${digit} yet: press t, mark a tag, then Alt ${digit}.`);
    else void tagSamples(dataset, selectorOf(members), tag.name);
  };
  return Object.fromEntries(DIGITS.map((digit) => [digit, () => press(digit)]));
}
