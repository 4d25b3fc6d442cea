import { Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { useNavigate } from '@tanstack/react-router';
import { useCancelRun, useRetryRun, type Run } from '@/api/queries/runs';
import { standingOf } from '@/model/runs';
import { notifyDone, notifyProblem } from '@/ui/notify';

/** What can be done with a run, with what is said about it. */
export function useRunActions() {
  const cancelling = useCancelRun();
  const retrying = useRetryRun();
  const navigate = useNavigate();

  const stop = async (run: Run) => {
    try {
      const { state } = await cancelling.mutateAsync(run.id);
      notifyDone(state === 'ABORTED' ? 'The run is stopped' : 'The run stops at its next step');
    } catch (error) {
      notifyProblem(error);
    }
  };
  const cancel = (run: Run) => {
    // Nothing is lost with one that only waits.
    if (standingOf(run.state) === 'waiting') return void stop(run);
    modals.openConfirmModal({
      title: 'Stop this run?',
      children: (
        <Text size="sm">
          Nothing is added to its datasets. What was embedded so far is kept for the next run.
        </Text>
      ),
      labels: { confirm: 'Stop the run', cancel: 'Let it go on' },
      confirmProps: { color: 'red' },
      onConfirm: () => void stop(run),
    });
  };
  const retry = async (run: Run) => {
    try {
      const { id } = await retrying.mutateAsync(run.id);
      await navigate({ to: '/runs/$run', params: { run: id } });
      notifyDone('The same run is asked for again');
    } catch (error) {
      notifyProblem(error);
    }
  };
  return { cancel, retry: (run: Run) => void retry(run), isBusy: cancelling.isPending || retrying.isPending };
}
