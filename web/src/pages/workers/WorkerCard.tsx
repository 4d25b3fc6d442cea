import { Badge, Group, Text } from '@mantine/core';
import type { Run } from '@/api/queries/runs';
import type { Worker } from '@/api/queries/workers';
import { bytes, counted } from '@/model/format';
import { stateSentence } from '@/model/runs';
import { RelativeTime } from '@/ui/RelativeTime';
import { RunProgress } from '@/ui/RunProgress';
import { TextLink } from '@/ui/TextLink';
import { WorkerTools } from './WorkerTools';
import classes from './WorkerCard.module.css';

const STATES: Record<Worker['state'], string> = {
  idle: 'Waits for runs',
  busy: 'Works',
  draining: 'Takes no new run',
  offline: 'Offline',
};

interface WorkerCardProps {
  worker: Worker;
  /** What it works on, as far as it is known. */
  runs: readonly Run[];
}

/** A worker: whether it is there, what it is, what it does. */
export function WorkerCard({ worker, runs }: WorkerCardProps) {
  return (
    <article className={classes.card} data-state={worker.state} aria-label={`Worker ${worker.name}`}>
      <Group justify="space-between" wrap="nowrap" gap="md">
        <Group gap={10} wrap="nowrap" miw={0}>
          <span className={classes.dot} data-state={worker.state} aria-hidden />
          <span className={classes.name} title={worker.name}>
            {worker.name}
          </span>
          <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
            {STATES[worker.state]}
          </Text>
        </Group>
        <WorkerTools worker={worker} />
      </Group>
      <div className={classes.facts}>
        {facts(worker).map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
        {worker.last_seen_at !== null && (
          <span>
            seen <RelativeTime time={worker.last_seen_at} />
          </span>
        )}
      </div>
      {worker.labels.length > 0 && (
        <Group gap={6}>
          {worker.labels.map((label) => (
            <Badge key={label} variant="light" color="gray" tt="none" fw={500}>
              {label}
            </Badge>
          ))}
        </Group>
      )}
      {runs.map((run) => (
        <div key={run.id} className={classes.run}>
          <TextLink to="/runs/$run" params={{ run: run.id }} size="sm">
            {run.image_dataset.name}: {stateSentence(run)}
          </TextLink>
          <RunProgress run={run} />
        </div>
      ))}
    </article>
  );
}

/** What a worker says of its machine. */
function facts({ host_name, version, details }: Worker): string[] {
  const { cores, memory_bytes: memory } = details;
  return [
    host_name && `on ${host_name}`,
    typeof cores === 'number' ? counted(cores, 'core') : '',
    typeof memory === 'number' ? bytes(memory) : '',
    version && `version ${version}`,
  ].filter((fact) => fact !== '');
}
