import { Group, TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { workersQuery } from '@/api/queries/workers';
import type { FieldErrors } from '@/model/fieldErrors';
import type { Turn } from '@/model/runForm';
import { NumberField } from '@/ui/NumberField';

interface TurnFieldsProps {
  turn: Turn;
  onChange: (turn: Turn) => void;
  errors: FieldErrors;
}

/** When it is the run's turn, and which workers may take it. */
export function TurnFields({ turn, onChange, errors }: TurnFieldsProps) {
  const { data } = useQuery(workersQuery);
  const workers = data?.items ?? [];
  const labels = [...new Set(workers.flatMap((worker) => worker.labels))].sort();
  const fitting = workers.filter(
    (worker) => worker.state !== 'offline' && turn.runsOn.every((label) => worker.labels.includes(label)),
  ).length;
  const nobody =
    turn.runsOn.length > 0 && fitting === 0 ? 'No worker that is online has all of these labels' : undefined;
  return (
    <Group align="flex-start" gap="md">
      <NumberField
        label="Priority"
        description="Higher ones go first"
        w={150}
        allowDecimal={false}
        value={turn.priority === '' ? null : turn.priority}
        onChange={(priority) => onChange({ ...turn, priority: priority ?? '' })}
        error={errors('priority')}
      />
      <TagsInput
        label="Worker labels"
        description={nobody ?? 'Only workers that have all of these; empty: any'}
        flex={1}
        miw={220}
        data={labels}
        placeholder={turn.runsOn.length === 0 ? 'any worker' : undefined}
        value={[...turn.runsOn]}
        onChange={(runsOn) => onChange({ ...turn, runsOn })}
        error={errors('runs_on')}
      />
    </Group>
  );
}
