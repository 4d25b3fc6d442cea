import { Button, Tooltip } from '@mantine/core';
import { useDrain, useForget, type Worker } from '@/api/queries/workers';
import { notifyProblem } from '@/ui/notify';

/** What can be done with a worker. */
export function WorkerTools({ worker }: { worker: Worker }) {
  const drain = useDrain();
  const forget = useForget();
  const options = { onError: notifyProblem };
  if (worker.state === 'offline') {
    return (
      <Tooltip label="Take it off this list; it comes back when it joins again">
        <Button
          variant="default"
          size="compact-sm"
          loading={forget.isPending}
          onClick={() => forget.mutate(worker.id, options)}
        >
          Forget
        </Button>
      </Tooltip>
    );
  }
  const label = worker.is_draining
    ? 'Let it take runs again'
    : 'It finishes what it works on and takes nothing new, so that it can be stopped';
  return (
    <Tooltip label={label} multiline maw={280}>
      <Button
        variant="default"
        size="compact-sm"
        loading={drain.isPending}
        onClick={() => drain.mutate({ worker: worker.id, isDraining: !worker.is_draining }, options)}
      >
        {worker.is_draining ? 'Resume' : 'Drain'}
      </Button>
    </Tooltip>
  );
}
