import { Button, Group, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { createView, type ViewRule } from '@/api/queries/views';
import { filterInWords, namesIn, sortInWords } from '@/model/words';
import { notifyDone, notifyProblem } from '@/ui/notify';

interface ViewNameFormProps {
  dataset: DatasetDetails;
  rule: ViewRule;
  /** Told the id of the new view. */
  onSaved: (view: string) => void;
}

/** Save a rule as a view: what it asks for in words, and a name. */
export function ViewNameForm({ dataset, rule, onSaved }: ViewNameFormProps) {
  const [name, setName] = useState('');
  const [isBusy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const view = await createView(dataset.id, name.trim(), rule);
      notifyDone(`View ${view.name} saved`);
      onSaved(view.id);
    } catch (error) {
      notifyProblem(error);
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Text size="sm" mb="sm">
        {filterInWords(rule.filter ?? {}, namesIn(dataset)) || 'Everything'}
        <Text span c="dimmed">
          {' '}
          · {sortInWords(rule.sort)}
        </Text>
      </Text>
      <TextInput
        label="Name"
        value={name}
        autoFocus
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Text size="xs" c="dimmed" mt={6}>
        A view keeps the rule, not the result: what passes it later is in it, too.
      </Text>
      <Group justify="flex-end" mt="md">
        <Button type="submit" disabled={name.trim() === ''} loading={isBusy}>
          Save view
        </Button>
      </Group>
    </form>
  );
}
