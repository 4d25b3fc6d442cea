import { Button, Stack } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { FlaskConical, Play } from 'lucide-react';
import { useRef, useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { useCreateSelection } from '@/api/queries/runs';
import { selectionAsCommand, selectionAsPython } from '@/model/asCode';
import { rememberClone } from '@/model/clones';
import { fieldErrors } from '@/model/fieldErrors';
import { selectionRequestOf, type SelectForm } from '@/model/runForm';
import { areSameItems } from '@/model/strategies';
import { AsCode } from '@/running/AsCode';
import { FormWithSide } from '@/running/FormWithSide';
import { NoWorkerNotice } from '@/running/NoWorkerNotice';
import { Panel } from '@/ui/Panel';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { DryRun } from './DryRun';
import { goTo } from './goTo';
import { SelectFields } from './SelectFields';
import classes from './Select.module.css';

interface SelectAgainProps {
  dataset: DatasetDetails;
  first: SelectForm;
  /** The run whose values these are. */
  clonedFrom: string | undefined;
}

/** A dry run that was asked for, and by which request. */
interface Tried {
  run: string;
  request: string;
}

/** The form of a selection; what it would choose can be looked at before anything is kept. */
export function SelectAgain({ dataset, first, clonedFrom }: SelectAgainProps) {
  const [form, setForm] = useState(first);
  const [tried, setTried] = useState<Tried | null>(null);
  const creating = useCreateSelection();
  const navigate = useNavigate();
  const request = selectionRequestOf(form, dataset.name);
  const settings = useRef<HTMLDivElement>(null);
  const isDry = creating.variables?.isDry === true;

  const change = (changed: Partial<SelectForm>) => {
    // Errors name strategies by their places, which are others now.
    if (changed.strategies !== undefined && !areSameItems(changed.strategies, form.strategies))
      creating.reset();
    setForm((before) => ({ ...before, ...changed }));
  };
  const tryOut = () =>
    creating.mutate(
      { request, isDry: true },
      { onSuccess: ({ id }) => setTried({ run: id, request: choiceOf(request) }) },
    );
  const start = () =>
    creating.mutate(
      { request, isDry: false },
      {
        onSuccess: ({ id }) => {
          if (clonedFrom !== undefined) rememberClone(id, clonedFrom);
          void navigate({ to: '/runs/$run', params: { run: id }, search: {} });
        },
      },
    );

  return (
    <FormWithSide
      onSubmit={start}
      error={creating.error}
      side={
        <>
          <Stack gap="sm">
            <Button
              size="md"
              variant="default"
              leftSection={<FlaskConical size={16} />}
              loading={creating.isPending && isDry}
              onClick={tryOut}
            >
              Dry run
            </Button>
            <Button
              type="submit"
              size="md"
              leftSection={<Play size={16} />}
              loading={creating.isPending && !isDry}
            >
              Select and tag
            </Button>
            {creating.error !== null && <ProblemAlert error={creating.error} />}
            <NoWorkerNotice waiting={0} />
          </Stack>
          <Panel title="The same as code">
            <AsCode
              python={selectionAsPython(request, window.location.origin)}
              command={selectionAsCommand(request)}
            />
          </Panel>
        </>
      }
    >
      <div ref={settings} className={classes.settings} tabIndex={-1} role="group" aria-label="Settings">
        <SelectFields dataset={dataset} form={form} change={change} errors={fieldErrors(creating.error)} />
      </div>
      {tried !== null && (
        <DryRun
          key={tried.run}
          runId={tried.run}
          dataset={dataset}
          isOld={tried.request !== choiceOf(request)}
          tag={form.newTag}
          onTag={(newTag) => change({ newTag })}
          onChangeSettings={() => goTo(settings.current)}
        />
      )}
    </FormWithSide>
  );
}

/** What a dry run depends on: not on the name of a tag that it does not make, nor on when it runs. */
function choiceOf({
  selection,
  input,
  input_tag,
  preselected_tag,
}: ReturnType<typeof selectionRequestOf>): string {
  return JSON.stringify([selection, input, input_tag, preselected_tag]);
}
