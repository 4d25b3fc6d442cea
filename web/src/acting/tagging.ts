import type { DatasetDetails } from '@/api/queries/datasets';
import { applyTags } from '@/api/queries/tags';
import type { Selector } from '@/api/queries/selections';
import { counted } from '@/model/format';
import { unitOf } from '@/model/kinds';
import { notifyProblem } from '@/ui/notify';
import { notifyUndoable } from './undoing';

type Named = Pick<DatasetDetails, 'id' | 'kind'>;

/** Put samples into a tag, which is made if absent, and say so. Whether that worked. */
export async function tagSamples(dataset: Named, selector: Selector, tag: string): Promise<boolean> {
  return change(dataset, selector, { add: [tag] }, tag, (changed) =>
    changed === 0 ? `All of them are in ${tag} already` : `${samples(changed, dataset)} tagged ${tag}`,
  );
}

/** Take samples out of a tag, and say so. Whether that worked. */
export async function untagSamples(dataset: Named, selector: Selector, tag: string): Promise<boolean> {
  return change(dataset, selector, { remove: [tag] }, tag, (changed) =>
    changed === 0 ? `None of them is in ${tag}` : `${samples(changed, dataset)} taken out of ${tag}`,
  );
}

async function change(
  dataset: Named,
  selector: Selector,
  tags: { add?: string[]; remove?: string[] },
  tag: string,
  inWords: (changed: number) => string,
): Promise<boolean> {
  try {
    const done = await applyTags(dataset.id, selector, tags);
    notifyUndoable(inWords(done.changed[tag] ?? 0), done.operation_id);
    return true;
  } catch (error) {
    notifyProblem(error);
    return false;
  }
}

const samples = (number: number, { kind }: Named): string => counted(number, unitOf(kind));
