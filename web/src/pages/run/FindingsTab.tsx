import { ClipboardCheck } from 'lucide-react';
import { isUnderWay, type Run, type RunResult } from '@/api/queries/runs';
import { Findings } from '@/running/Findings';
import { EmptyState } from '@/ui/EmptyState';
import { Panel } from '@/ui/Panel';

/** What a person should know about what a run has read. */
export function FindingsTab({ run, result }: { run: Run; result: RunResult | undefined }) {
  const findings = result?.findings ?? [];
  if (findings.length > 0) {
    return (
      <Panel title="About the input">
        <Findings findings={findings} dataset={run.image_dataset.id} />
      </Panel>
    );
  }
  if (isUnderWay(run.state)) {
    return (
      <EmptyState icon={ClipboardCheck} title="Not known yet">
        What is odd about the images and predictions is told when the run is over; the log has it earlier.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={ClipboardCheck} title="Nothing to report">
      {run.kind === 'object-level'
        ? 'The run found nothing odd about its input.'
        : 'This kind of run reads no files.'}
    </EmptyState>
  );
}
