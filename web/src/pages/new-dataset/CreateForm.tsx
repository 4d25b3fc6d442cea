import { Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useCreateDataset } from '@/api/queries/datasets';
import type { Preview } from '@/api/queries/previews';
import { credentialsOf, kindOfPlace, SERVERS_OWN, suggestedName, type Access } from '@/model/places';
import { Panel } from '@/ui/Panel';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { AccessFields } from './AccessFields';

interface CreateFormProps {
  place: string;
  access: Access;
  preview: Preview;
}

/** Names the dataset, and stores it. */
export function CreateForm({ place, access, preview }: CreateFormProps) {
  const [name, setName] = useState(() => suggestedName(place));
  const [isElsewhere, setElsewhere] = useState(false);
  const [output, setOutput] = useState('');
  const [outputAccess, setOutputAccess] = useState<Access>(SERVERS_OWN);
  const creation = useCreateDataset();
  const navigate = useNavigate();
  const hasOutput = isElsewhere && output.trim() !== '';
  const outputKind = kindOfPlace(output);

  const create = (to: '/d/$dataset' | '/d/$dataset/run') =>
    creation.mutate(
      {
        name: name.trim(),
        datasource: place,
        credentials: credentialsOf(kindOfPlace(place), access),
        ...(hasOutput && {
          output: output.trim(),
          output_credentials: credentialsOf(outputKind, outputAccess),
        }),
      },
      { onSuccess: ({ id }) => void navigate({ to, params: { dataset: id } }) },
    );
  const isComplete = name.trim() !== '' && (!isElsewhere || hasOutput);
  return (
    <Panel title="Create the dataset">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isComplete) create('/d/$dataset/run');
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            maw={420}
            value={name}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Checkbox
            label="Write crops somewhere else than beside the images"
            checked={isElsewhere}
            onChange={(event) => setElsewhere(event.currentTarget.checked)}
          />
          {isElsewhere && (
            <>
              <TextInput
                label="Where crops go"
                maw={560}
                placeholder="/data/crops or s3://bucket/prefix"
                value={output}
                spellCheck={false}
                autoComplete="off"
                onChange={(event) => setOutput(event.currentTarget.value)}
              />
              {outputKind !== 'folder' && (
                <AccessFields kind={outputKind} access={outputAccess} onChange={setOutputAccess} />
              )}
            </>
          )}
          {creation.error !== null && <ProblemAlert error={creation.error} />}
          <Group gap="xs">
            <Button type="submit" disabled={!isComplete} loading={creation.isPending}>
              Create and start a run
            </Button>
            <Button
              variant="default"
              disabled={!isComplete || creation.isPending}
              onClick={() => create('/d/$dataset')}
            >
              Create only
            </Button>
          </Group>
          <Text size="sm" c="dimmed">
            {preview.images_listed === 0
              ? 'It can be made now, and filled when images are there.'
              : 'The dataset is empty until a run has gone through the images.'}
          </Text>
        </Stack>
      </form>
    </Panel>
  );
}
