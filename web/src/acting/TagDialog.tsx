import { Combobox, Group, Kbd, Modal, ScrollArea, Text, TextInput, useCombobox } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState, type KeyboardEvent } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { Selector } from '@/api/queries/selections';
import { givenTags, tagsOfQuery, tagsQuery, type Tag } from '@/api/queries/tags';
import { count, counted } from '@/model/format';
import { unitOf } from '@/model/kinds';
import { colorOfId } from '@/model/palette';
import { assignQuickTag, digitOf, DIGITS, useQuickTags } from '@/model/quickTags';
import { ColorDot } from '@/ui/ColorDot';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { useScheme } from '@/ui/useScheme';
import { tagSamples, untagSamples } from './tagging';

export interface TagDialogProps {
  dataset: Pick<DatasetDetails, 'id' | 'kind'>;
  /** Put into a tag, or take out of one. */
  mode: 'tag' | 'untag';
  /** The samples, how many they are, and a name for them that changes when they do. */
  selector: Selector;
  sampleCount: number;
  selectorKey: string;
  onClose: () => void;
}

/** Choose a tag by typing, or make a new one. */
export function TagDialog(props: TagDialogProps) {
  const { dataset, mode, sampleCount, onClose } = props;
  const samples = counted(sampleCount, unitOf(dataset.kind));
  return (
    <Modal
      opened
      onClose={onClose}
      size={440}
      title={mode === 'tag' ? `Tag ${samples}` : `Take ${samples} out of a tag`}
    >
      <TagChoice {...props} />
    </Modal>
  );
}

const NEW = 'new:';

function TagChoice({ dataset, mode, selector, sampleCount, selectorKey, onClose }: TagDialogProps) {
  const [text, setText] = useState('');
  const [isBusy, setBusy] = useState(false);
  const tags = useQuery(tagsQuery(dataset.id));
  const tagged = useQuery(tagsOfQuery(dataset.id, selectorKey, selector));
  // The list is always there: no dropdown comes and goes.
  const combobox = useCombobox({ opened: true });
  // Once the list is that of the text: Enter chooses the first of it.
  const { selectFirstOption, resetSelectedOption } = combobox;
  useEffect(() => {
    if (text.trim() === '') resetSelectedOption();
    else selectFirstOption();
  }, [text, tags.data, tagged.data, selectFirstOption, resetSelectedOption]);
  const all = givenTags(tags.data?.items ?? []);
  const name = text.trim();
  const shown = all.filter(
    (tag) =>
      tag.name.toLowerCase().includes(name.toLowerCase()) &&
      (mode === 'tag' || (tagged.data?.get(tag.id) ?? 0) > 0),
  );
  const canMake = mode === 'tag' && name !== '' && !all.some((tag) => tag.name === name);

  const choose = async (value: string) => {
    if (isBusy) return;
    setBusy(true);
    const chosen = value.startsWith(NEW) ? name : (all.find(({ id }) => id === value)?.name ?? name);
    const act = mode === 'tag' ? tagSamples : untagSamples;
    if (await act(dataset, selector, chosen)) onClose();
    else setBusy(false);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape') return onClose();
    const digit = event.code.replace('Digit', '');
    const tag = shown[combobox.getSelectedOptionIndex()];
    if (!event.altKey || tag === undefined || !(DIGITS as readonly string[]).includes(digit)) return;
    event.preventDefault();
    assignQuickTag(dataset.id, tag.id, digit);
  };
  if (tags.error) return <ProblemAlert error={tags.error} />;
  return (
    <Combobox store={combobox} onOptionSubmit={(value) => void choose(value)}>
      <Combobox.EventsTarget>
        <TextInput
          aria-label={mode === 'tag' ? 'Tag, there or new' : 'Tag'}
          placeholder={mode === 'tag' ? 'Find a tag or name a new one' : 'Find a tag'}
          data-autofocus
          value={text}
          onKeyDown={press}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </Combobox.EventsTarget>
      <ScrollArea.Autosize mah={320} mt="xs" type="auto">
        <Combobox.Options aria-label="Tags">
          {shown.map((tag) => (
            <Combobox.Option key={tag.id} value={tag.id}>
              <TagRow tag={tag} datasetId={dataset.id} picked={tagged.data?.get(tag.id)} of={sampleCount} />
            </Combobox.Option>
          ))}
          {canMake && <Combobox.Option value={NEW + name}>New tag “{name}”</Combobox.Option>}
          {shown.length === 0 && !canMake && (
            <Combobox.Empty>
              {mode === 'untag' ? emptyOfUntag(tagged.isPending) : 'No tag yet: type the name of a new one.'}
            </Combobox.Empty>
          )}
        </Combobox.Options>
      </ScrollArea.Autosize>
      <Text size="xs" c="dimmed" mt="xs">
        <Kbd size="xs">Enter</Kbd> chooses, <Kbd size="xs">Alt</Kbd> with a digit gives the marked tag that
        key.
      </Text>
    </Combobox>
  );
}

const emptyOfUntag = (isPending: boolean): string =>
  isPending ? 'Looking which tags they are in …' : 'No tag that they are in is called so.';

interface TagRowProps {
  tag: Tag;
  datasetId: string;
  /** How many of the samples are in it; undefined: not known yet. */
  picked: number | undefined;
  of: number;
}

function TagRow({ tag, datasetId, picked, of }: TagRowProps) {
  const scheme = useScheme();
  const digit = digitOf(useQuickTags(datasetId), tag.id);
  return (
    <Group wrap="nowrap" gap="xs">
      <ColorDot color={colorOfId(tag.id, scheme)} />
      <Text size="sm" truncate flex={1}>
        {tag.name}
      </Text>
      {picked !== undefined && picked > 0 && (
        <Text size="xs" c="dimmed">
          {picked === of ? 'all in it' : `${count(picked)} of ${count(of)} in it`}
        </Text>
      )}
      {digit !== null && <Kbd size="xs">{digit}</Kbd>}
    </Group>
  );
}
