import { Alert, Badge, Container, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { CircleAlert } from 'lucide-react';
import { resultQuery, runQuery, type Run, type RunResult } from '@/api/queries/runs';
import { standingOf } from '@/model/runs';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { Worded } from '@/ui/Worded';
import { FindingsTab } from './FindingsTab';
import { LogTab } from './LogTab';
import { OutputsTab } from './OutputsTab';
import { ParametersTab } from './ParametersTab';
import { ProgressTab } from './ProgressTab';
import { ResultTab } from './ResultTab';
import { RunHeader } from './RunHeader';

const TABS = ['progress', 'log', 'findings', 'result', 'parameters', 'outputs'] as const;
type Tab = (typeof TABS)[number];

export default function Page() {
  const { run: id } = useParams({ from: '/runs/$run' });
  const { data: run, error, dataUpdatedAt } = useQuery(runQuery(id));
  const { data: result } = useQuery({ ...resultQuery(id), enabled: run?.has_result === true });
  if (error !== null && run === undefined) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={error} />
      </Container>
    );
  }
  if (run === undefined) return <Loading />;
  return (
    <Container size="lg" py="lg">
      <RunHeader run={run} />
      {standingOf(run.state) === 'failed' && <Failure run={run} hint={result?.hint ?? ''} />}
      {/* Another run begins anew: what was seen of this one is not about it. */}
      <RunTabs key={run.id} run={run} result={result} at={dataUpdatedAt} />
    </Container>
  );
}

interface RunTabsProps {
  run: Run;
  result: RunResult | undefined;
  at: number;
}

function RunTabs({ run, result, at }: RunTabsProps) {
  const { tab: asked } = useSearch({ from: '/runs/$run' });
  const navigate = useNavigate({ from: '/runs/$run' });
  const tab: Tab = TABS.find((one) => one === asked) ?? 'progress';
  const findings = result?.findings ?? [];
  const go = (next: string | null) =>
    void navigate({
      search: { tab: next === 'progress' || next === null ? undefined : next },
      replace: true,
    });
  return (
    <Tabs value={tab} onChange={go}>
      <Tabs.List mb="md">
        <Tabs.Tab value="progress">Progress</Tabs.Tab>
        <Tabs.Tab value="log">Log</Tabs.Tab>
        <Tabs.Tab
          value="findings"
          rightSection={
            findings.length === 0 ? undefined : (
              <Badge size="sm" variant="light" color="gray">
                {findings.length}
              </Badge>
            )
          }
        >
          Findings
        </Tabs.Tab>
        <Tabs.Tab value="result" disabled={result === undefined}>
          Result
        </Tabs.Tab>
        <Tabs.Tab value="parameters">Parameters</Tabs.Tab>
        <Tabs.Tab value="outputs">Outputs</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="progress">
        <ProgressTab run={run} result={result} at={at} />
      </Tabs.Panel>
      <Tabs.Panel value="log">{tab === 'log' && <LogTab run={run} />}</Tabs.Panel>
      <Tabs.Panel value="findings">
        {tab === 'findings' && <FindingsTab run={run} result={result} />}
      </Tabs.Panel>
      <Tabs.Panel value="result">
        {tab === 'result' && result !== undefined && <ResultTab run={run} result={result} />}
      </Tabs.Panel>
      <Tabs.Panel value="parameters">{tab === 'parameters' && <ParametersTab run={run} />}</Tabs.Panel>
      <Tabs.Panel value="outputs">{tab === 'outputs' && <OutputsTab run={run} result={result} />}</Tabs.Panel>
    </Tabs>
  );
}

function Failure({ run, hint }: { run: Run; hint: string }) {
  return (
    <Alert
      color="red"
      variant="light"
      icon={<CircleAlert size={18} />}
      title="This run failed"
      mb="lg"
      role="alert"
    >
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        <Worded text={run.message} />
      </Text>
      {hint !== '' && (
        <Text size="sm" c="dimmed" mt={4}>
          <Worded text={hint} />
        </Text>
      )}
    </Alert>
  );
}

function Loading() {
  return (
    <Container size="lg" py="lg">
      <Stack aria-busy aria-label="Loading the run">
        <Skeleton height={34} width="40%" />
        <Skeleton height={20} width="60%" />
        <Skeleton height={220} mt="md" />
      </Stack>
    </Container>
  );
}
