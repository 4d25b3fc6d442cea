import { Progress } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { count } from '@/model/format';
import { standingOf } from '@/model/runs';

interface RunProgressProps {
  run: Pick<Schemas['RunDocument'], 'state' | 'progress'>;
  size?: 'sm' | 'md';
}

/** How far the stage under way is; moving stripes where nobody knows how much there is. */
export function RunProgress({ run, size = 'sm' }: RunProgressProps) {
  const standing = standingOf(run.state);
  if (standing !== 'working' && standing !== 'waiting') return null;
  const progress = run.progress?.state === run.state ? run.progress : null;
  const share = progress?.total ? Math.min(100, (progress.done / progress.total) * 100) : null;
  const isOpen = standing === 'working' && share === null;
  return (
    <Progress.Root size={size === 'md' ? 8 : 5} w="100%">
      <Progress.Section
        value={isOpen ? 100 : (share ?? 0)}
        animated={isOpen}
        striped={isOpen}
        color={isOpen ? 'gray' : undefined}
        aria-label="Progress of this stage"
        aria-valuetext={progress === null ? 'not known' : doneOfTotal(progress)}
      />
    </Progress.Root>
  );
}

/** `120 of 240 images`, `120 images`. */
export function doneOfTotal({ done, total, unit }: Schemas['Progress']): string {
  const amount = total == null ? count(done) : `${count(done)} of ${count(total)}`;
  return unit ? `${amount} ${unit}` : amount;
}
