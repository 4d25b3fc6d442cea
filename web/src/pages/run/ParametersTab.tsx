import { Group, Select, Stack, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { runQuery, type Run } from '@/api/queries/runs';
import { dateTime } from '@/model/format';
import { clonedFrom } from '@/model/clones';
import { flattened } from '@/model/resultCounts';
import { AsCode } from '@/running/AsCode';
import { CodeBlock } from '@/ui/CodeBlock';
import { Panel } from '@/ui/Panel';
import classes from './ParametersTab.module.css';
import { useOthers } from './useOthers';
import { useRunAsCode } from './useRunAsCode';

/** What a run was asked to do, beside what another one was, and as code that asks for the same. */
export function ParametersTab({ run }: { run: Run }) {
  const [otherId, setOtherId] = useState<string | null>(() => clonedFrom(run.id));
  const [isJson, setJson] = useState(false);
  const others = useOthers(run);
  const { data: other } = useQuery({ ...runQuery(otherId ?? ''), enabled: otherId !== null });
  const code = useRunAsCode(run);
  return (
    <Stack gap="md">
      <Panel
        title="Configuration"
        aside={
          <Group gap="md">
            <Select
              size="xs"
              w={250}
              aria-label="Compare with another run"
              placeholder="Compare with another run"
              clearable
              clearButtonProps={{ 'aria-label': 'Compare with none' }}
              value={otherId}
              onChange={setOtherId}
              data={others.map(({ id, created_at }) => ({
                value: id,
                label: `${id === clonedFrom(run.id) ? 'Cloned from ' : ''}${dateTime(created_at)}`,
              }))}
            />
            <Switch
              size="xs"
              label="JSON"
              checked={isJson}
              onChange={(event) => setJson(event.currentTarget.checked)}
            />
          </Group>
        }
      >
        {isJson ? (
          <CodeBlock code={JSON.stringify(run.config, null, 2)} label="Copy JSON" />
        ) : (
          <ConfigTable run={run} other={otherId === null ? undefined : other} />
        )}
      </Panel>
      {code !== null && (
        <Panel title="The same as code">
          <AsCode {...code} />
        </Panel>
      )}
    </Stack>
  );
}

const rowsOf = (run: Run) => [
  ...flattened(run.config),
  ...flattened({ priority: run.priority, runs_on: run.runs_on }),
];

function ConfigTable({ run, other }: { run: Run; other: Run | undefined }) {
  const rows = rowsOf(run);
  const before = new Map(other === undefined ? [] : rowsOf(other));
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th>Parameter</th>
          <th>Value</th>
          {other !== undefined && <th>There</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map(([path, value]) => {
          const there = before.get(path) ?? '–';
          const differs = other !== undefined && there !== value;
          return (
            <tr key={path} data-differs={differs || undefined}>
              <td>{path}</td>
              <td>{value === '' ? '–' : value}</td>
              {other !== undefined && <td>{differs ? there : ''}</td>}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
