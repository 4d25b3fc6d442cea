import { useNavigate } from '@tanstack/react-router';
import type { Filter } from '@/model/browsing';
import { samplesPath } from '@/model/kinds';

/** Goes to the samples of a dataset that pass a filter. */
export function useOpenFiltered(dataset: { id: string; kind: string }): (filter: Filter) => void {
  const navigate = useNavigate();
  return (filter) =>
    void navigate({ to: samplesPath(dataset.kind), params: { dataset: dataset.id }, search: { q: filter } });
}
