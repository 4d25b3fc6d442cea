import { useQuery } from '@tanstack/react-query';
import { datasetQuery } from '@/api/queries/datasets';
import type { Run } from '@/api/queries/runs';
import { runAsCommand, runAsPython, selectionAsCommand, selectionAsPython } from '@/model/asCode';
import { formOfRun, runRequestOf, selectionRequestOfRun } from '@/model/runForm';

/** Code that asks for the same as a run did; null for kinds that code cannot ask for so, and until it is known. */
export function useRunAsCode(run: Run): { python: string; command: string | null } | null {
  const server = window.location.origin;
  const { data: images } = useQuery(datasetQuery(run.image_dataset.id));
  if (run.kind === 'selection') {
    const request = selectionRequestOfRun(run);
    return { python: selectionAsPython(request, server), command: selectionAsCommand(request) };
  }
  if (run.kind !== 'object-level' || images === undefined) return null;
  const request = runRequestOf(formOfRun(run), images.name);
  return {
    python: runAsPython(request, server),
    command: runAsCommand(request, { input: images.input_uri, output: images.output_uri }),
  };
}
