import { useNavigate } from '@tanstack/react-router';
import type { DatasetDetails } from '@/api/queries/datasets';
import { sampleAt } from '@/api/queries/samples';
import type { Bitmap } from '@/model/bitmap';
import { samplesPath } from '@/model/kinds';
import { notifyProblem } from '@/ui/notify';

/** Shows all samples of a dataset by their distance from the one that is picked. */
export function useSimilar(dataset: Pick<DatasetDetails, 'id' | 'kind'>) {
  const navigate = useNavigate();
  return async (members: Bitmap): Promise<void> => {
    const [index] = members.indices();
    if (index === undefined) return;
    try {
      const { id } = await sampleAt(dataset.id, index);
      const sort = { key: 'distance', descending: false, reference_sample_id: id } as const;
      // The map shows what is similar itself, by rings and at its side.
      if (window.location.pathname.endsWith('/embedding')) {
        await navigate({ to: '.', search: (search) => ({ ...search, sort }) });
        return;
      }
      await navigate({ to: samplesPath(dataset.kind), params: { dataset: dataset.id }, search: { sort } });
    } catch (error) {
      notifyProblem(error);
    }
  };
}
