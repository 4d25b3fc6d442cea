/** What one sees as code for `swath.Client`, so that a script goes on from there. */
import { isEmptyFilter, tidied, type Filter, type Sort } from './browsing';

/** A value of JSON as Python writes it; what is null in an object is left out. */
export function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return pythonText(value);
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  const entries = Object.entries(value as Record<string, unknown>).filter(
    ([, held]) => held !== null && held !== undefined,
  );
  return `{${entries.map(([key, held]) => `${pythonText(key)}: ${pythonLiteral(held)}`).join(', ')}}`;
}

/** JSON's escapes are Python's, too, as long as no half of a surrogate pair stands alone. */
function pythonText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

interface Asked {
  datasetName: string;
  /** Address of the server, for scripts on other machines. */
  server: string;
  filter?: Filter;
  sort?: Sort;
}

/** Code that lists the samples of a filter in an order. */
export function samplesAsPython({ datasetName, server, filter, sort }: Asked): string {
  const asked = filter === undefined ? undefined : tidied(filter);
  const isSorted = sort !== undefined && (sort.key !== 'index' || sort.descending === true);
  const parameters = [
    ...(isEmptyFilter(asked) ? [] : [pythonLiteral(asked)]),
    ...(isSorted ? [`sort=${pythonLiteral(sort)}`] : []),
  ];
  return [
    'import swath',
    '',
    `client = swath.Client()  # on another machine: swath.Client(${pythonText(server)}, token)`,
    `dataset = client.datasets.get(${pythonText(datasetName)})`,
    `samples = list(dataset.iter_samples(${parameters.join(', ')}))`,
    '',
    'for sample in samples:',
    '    print(sample.index, sample.id, sample.file_name)',
    '',
  ].join('\n');
}
