import type { DatasetDetails } from '@/api/queries/datasets';

/** The sample in focus (`focus` of the address), beside the page that shows many. */
export function Inspector({ dataset }: { dataset: DatasetDetails }) {
  return dataset.id === '' ? null : null;
}
