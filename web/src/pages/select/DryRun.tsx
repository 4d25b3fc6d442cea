import { Alert, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { resultQuery, runQuery, type SelectionResult } from '@/api/queries/runs';
import { standingOf, stateSentence } from '@/model/runs';
import { NoWorkerNotice } from '@/running/NoWorkerNotice';
import { Panel } from '@/ui/Panel';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { RunProgress } from '@/ui/RunProgress';
import { TextLink } from '@/ui/TextLink';
import { Worded } from '@/ui/Worded';
import { Chosen } from './Chosen';
import { goTo } from './goTo';
import { Keep } from './Keep';
import classes from './Select.module.css';

interface DryRunProps {
  runId: string;
  dataset: DatasetDetails;
  /** Whether the form has other values by now. */
  isOld: boolean;
  /** Name of the tag to keep it as; empty: one is made up. */
  tag: string;
  onTag: (tag: string) => void;
  onChangeSettings: () => void;
}

/** What a selection would choose, before anything is kept. */
export function DryRun(props: DryRunProps) {
  const { runId, dataset, isOld, tag, onTag, onChangeSettings } = props;
  const { data: run, error } = useQuery(runQuery(runId));
  const isDone = run?.state === 'COMPLETED';
  const { data: result } = useQuery({ ...resultQuery(runId), enabled: isDone && run.has_result });
  const place = useRef<HTMLDivElement>(null);
  // It stands below a long form: whoever asked for it is taken there.
  useEffect(() => goTo(place.current), []);
  const hasResult = result !== undefined;
  useEffect(() => {
    // What came has made it longer; who has gone elsewhere meanwhile stays there.
    if (hasResult && document.activeElement === place.current) goTo(place.current);
  }, [hasResult]);
  const link = (
    <TextLink to="/runs/$run" params={{ run: runId }} search={{}} size="sm">
      the run
    </TextLink>
  );
  return (
    <div ref={place} tabIndex={-1} className={classes.outcome} data-short={!hasResult || undefined}>
      <Panel title="What would be chosen" aside={link}>
        {error !== null && <ProblemAlert error={error} />}
        {isOld && (
          <Alert color="yellow" variant="light" p="xs" mb="sm">
            The values have changed since this dry run.
          </Alert>
        )}
        {run !== undefined && ['failed', 'stopped'].includes(standingOf(run.state)) && (
          <Alert color="red" variant="light" title="The dry run ended early">
            <Worded text={run.message} />
          </Alert>
        )}
        {run !== undefined && ['waiting', 'working'].includes(standingOf(run.state)) && (
          <Stack gap="xs">
            <Text size="sm">{stateSentence(run)}</Text>
            <RunProgress run={run} />
            <NoWorkerNotice waiting={1} />
          </Stack>
        )}
        {result !== undefined && (
          <Chosen result={result as SelectionResult} dataset={dataset}>
            <Keep
              result={result as SelectionResult}
              dataset={dataset}
              isOld={isOld}
              tag={tag}
              onTag={onTag}
              onChangeSettings={onChangeSettings}
            />
          </Chosen>
        )}
      </Panel>
    </div>
  );
}
