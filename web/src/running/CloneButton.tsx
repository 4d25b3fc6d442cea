import { Copy } from 'lucide-react';
import type { Run } from '@/api/queries/runs';
import { LinkButton } from '@/ui/LinkButton';

/** Begin a form with the values of a run; nothing for kinds that have no form. */
export function CloneButton({ run, size = 'sm' }: { run: Run; size?: 'sm' | 'compact-sm' }) {
  const dataset = (run.kind === 'selection' ? run.crop_dataset : null) ?? run.image_dataset;
  const isObjects = run.kind === 'object-level' && run.task !== null;
  if (!isObjects && run.kind !== 'selection') return null;
  const look = { variant: 'default', size, leftSection: <Copy size={14} />, children: 'Clone' } as const;
  const params = { dataset: dataset.id };
  const search = { clone: run.id };
  return isObjects ? (
    <LinkButton to="/d/$dataset/run" params={params} search={search} {...look} />
  ) : (
    <LinkButton to="/d/$dataset/select" params={params} search={search} {...look} />
  );
}
