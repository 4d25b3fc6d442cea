import { ActionIcon, Group, Tooltip } from '@mantine/core';
import { Ban, RotateCcw } from 'lucide-react';
import { isUnderWay, type Run } from '@/api/queries/runs';
import { CloneButton } from '@/running/CloneButton';
import { useRunActions } from '@/running/useRunActions';

/** What can be done with a run from the list. */
export function RunMenu({ run }: { run: Run }) {
  const { cancel, retry, isBusy } = useRunActions();
  const canStop = isUnderWay(run.state) && !run.cancel_requested;
  const canRetry = !isUnderWay(run.state) && run.state !== 'COMPLETED';
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      {canStop && (
        <Tooltip label="Stop">
          <ActionIcon
            variant="subtle"
            color="red"
            aria-label="Stop"
            disabled={isBusy}
            onClick={() => cancel(run)}
          >
            <Ban size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      {canRetry && (
        <Tooltip label="Retry">
          <ActionIcon variant="subtle" aria-label="Retry" disabled={isBusy} onClick={() => retry(run)}>
            <RotateCcw size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      <CloneButton run={run} size="compact-sm" />
    </Group>
  );
}
