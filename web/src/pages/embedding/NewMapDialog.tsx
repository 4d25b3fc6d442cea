import { Anchor, Alert, Button, Group, Modal, Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useCreateProjection, type MapParameters, type Projection } from '@/api/queries/projections';
import { workersQuery } from '@/api/queries/workers';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { METHOD_NAMES } from '@/model/mapMethods';
import { RequiredNumber } from '@/ui/NumberField';
import { METHOD_CHOICES, type MethodChoice, type ParameterField } from './methods';
import classes from './Embedding.module.css';

interface NewMapDialogProps {
  datasetId: string;
  existing: readonly Projection[];
  onClose: () => void;
  /** Look at the map that was asked for. */
  onMade: (projection: string) => void;
}

/** Ask for a map by another method. */
export function NewMapDialog({ datasetId, existing, onClose, onMade }: NewMapDialogProps) {
  const [choice, setChoice] = useState<MethodChoice | undefined>(METHOD_CHOICES[0]);
  const [parameters, setParameters] = useState<MapParameters>({});
  const create = useCreateProjection(datasetId);
  const isThere = existing.some(({ method }) => method === choice?.method);
  const make = () => {
    if (choice === undefined) return;
    create.mutate({ method: choice.method, parameters }, { onSuccess: ({ id }) => onMade(id) });
  };
  const pick = (method: string) => {
    setChoice(METHOD_CHOICES.find((one) => one.method === method));
    setParameters({});
  };
  return (
    <Modal opened onClose={onClose} title="New map" size="lg">
      <Stack gap="md">
        <Radio.Group value={choice?.method} onChange={pick} aria-label="Method">
          <div className={classes.methods}>
            {METHOD_CHOICES.map(({ method, about }) => (
              <Radio key={method} value={method} label={METHOD_NAMES[method]} description={about} />
            ))}
          </div>
        </Radio.Group>
        <SimpleGrid cols={3} spacing="md">
          {choice?.fields.map((field) => (
            <Parameter
              key={`${choice.method} ${field.name}`}
              field={field}
              value={parameters[field.name] ?? field.usual}
              onChange={(value) => setParameters((old) => ({ ...old, [field.name]: value }))}
            />
          ))}
        </SimpleGrid>
        {isThere && (
          <Text size="sm" c="dimmed">
            There is a map by this method. It is made anew, and stays as it is until then.
          </Text>
        )}
        <NoWorker />
        {create.error !== null && <ProblemAlert error={create.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button onClick={make} loading={create.isPending}>
            Make the map
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

interface ParameterProps {
  field: ParameterField;
  value: number;
  onChange: (value: number) => void;
}

function Parameter({ field, value, onChange }: ParameterProps) {
  return (
    <RequiredNumber
      label={field.label}
      description={field.about}
      inputWrapperOrder={['label', 'input', 'description']}
      value={value}
      min={field.min}
      max={field.max}
      step={field.step}
      allowDecimal={field.step < 1}
      clampBehavior="strict"
      onChange={onChange}
    />
  );
}

/** A map can be asked for all the same, but nobody would make it now. */
function NoWorker() {
  const { data } = useQuery(workersQuery);
  if (data === undefined || data.items.some(({ state }) => state !== 'offline')) return null;
  return (
    <Alert color="yellow" variant="light" title="No worker is online">
      A worker makes maps. You can ask for one now; it is made once a worker is there.{' '}
      <Anchor component={Link} to="/workers" size="sm">
        Start a worker
      </Anchor>
    </Alert>
  );
}
