/** Requests for runs as Python and as commands of the terminal that ask for the same. */
import type { Schemas } from '@/api/client';
import { pythonLiteral as python } from './python';
import type { Choosing, RunRequest, SelectionRequest } from './runForm';
import { strategyOption } from './strategyOption';
import { unusual } from './strategies';

/** Of a line, as far as its values can be broken. */
const LONGEST = 72;

/** A word as a shell takes it. */
export function shell(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A value with one item a line where it would be long. */
function pythonLines(value: unknown, indent: string, before = 0): string {
  const flat = python(value);
  if (typeof value !== 'object' || value === null || indent.length + before + flat.length <= LONGEST)
    return flat;
  const inner = `${indent}    `;
  const isList = Array.isArray(value);
  const lines = isList
    ? value.map((item) => `${inner}${pythonLines(item, inner)},`)
    : Object.entries(value).map(([key, item]) => {
        const name = `${python(key)}: `;
        return `${inner}${name}${pythonLines(item, inner, name.length)},`;
      });
  return `${isList ? '[' : '{'}\n${lines.join('\n')}\n${indent}${isList ? ']' : '}'}`;
}

/** Without what is not said, and without what a server takes for granted. */
function telling(items: Record<string, unknown>, usual: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(items).filter(([key, item]) => item != null && python(item) !== python(usual[key])),
  );
}

function pythonSelection(selection: Choosing): Record<string, unknown> {
  const { strategies, ...rest } = selection;
  const told = strategies.map(unusual);
  return {
    ...telling(rest, { unit: 'objects' }),
    ...(python(told) === python([{ type: 'diversity' }]) ? {} : { strategies: told }),
  };
}

const CONNECT = (server: string) =>
  `import swath\n\n# The token comes from SWATH_TOKEN.\nclient = swath.Client(${JSON.stringify(server)})\n`;
const WAIT = 'print(run.wait().message)\n';

function call(name: string, dataset: string, items: Record<string, unknown>): string {
  const lines = Object.entries(items).map(
    ([key, item]) => `    ${key}=${pythonLines(item, '    ', key.length + 1)},\n`,
  );
  return `run = client.runs.${name}(\n    ${JSON.stringify(dataset)},\n${lines.join('')})\n`;
}

export function runAsPython(request: RunRequest, server: string): string {
  const { dataset, object_level, selection, ...options } = request;
  const items = {
    ...(object_level == null
      ? {}
      : { object_level: telling({ ...object_level }, { padding: 0, box_format: 'xywh' }) }),
    selection: pythonSelection(selection),
    ...telling(options, {
      embedder: 'efficientnet-lite0',
      remove_exact_duplicates: true,
      process_all: false,
      priority: 0,
      runs_on: [],
    }),
  };
  return `${CONNECT(server)}${call('create', dataset, items)}${WAIT}`;
}

export function selectionAsPython(request: SelectionRequest, server: string): string {
  const { dataset, selection, ...options } = request;
  const items = { selection: pythonSelection(selection), ...telling(options, { priority: 0, runs_on: [] }) };
  return `${CONNECT(server)}${call('select', dataset, items)}${WAIT}`;
}

/** A command over several lines, and what it cannot say. */
function command(
  words: readonly (readonly string[])[],
  remarks: readonly string[],
  input: string | null = null,
): string {
  const line = words.map((part) => part.map(shell).join(' ')).join(' \\\n  ');
  const stdin = input === null ? '' : ` <<'END'\n${input}\nEND`;
  return `${remarks.map((remark) => `# ${remark}\n`).join('')}${line}${stdin}\n`;
}

/** `1.0` is all and `1` is one: the point makes the difference. */
function amountOption(selection: Choosing): string[][] {
  const { n_samples: count, proportion_samples: share } = selection;
  if (share != null) return [['--n-samples', Number.isInteger(share) ? share.toFixed(1) : String(share)]];
  return count == null ? [] : [['--n-samples', String(count)]];
}

interface SelectionOptions {
  options: string[][];
  /** A document for standard input, where options cannot say it. */
  input: string | null;
}

/** How many and how, as options; names that options have no way to write go in a document. */
function selectionOptions(selection: Choosing): SelectionOptions {
  const { strategies, max_per_image, quotas } = selection;
  const isUsual = python(strategies.map(unusual)) === python([{ type: 'diversity' }]);
  const spelled = isUsual ? [] : strategies.map(strategyOption);
  if (spelled.some((one) => one === null)) {
    return { options: [['--selection', '-']], input: documentOf(selection) };
  }
  return {
    options: [
      ...amountOption(selection),
      ...spelled.map((one) => ['--strategy', one ?? '']),
      ...option('--max-per-image', max_per_image),
      ...Object.entries(quotas ?? {}).map(([name, quota]) => ['--quota', `${name}=${rangeOf(quota)}`]),
    ],
    input: null,
  };
}

/** The whole selection but its unit, which has an option. All of them is `1.0`: JSON here would make one of it. */
function documentOf({ n_samples, proportion_samples, strategies, max_per_image, quotas }: Choosing): string {
  const amount = n_samples ?? proportion_samples;
  const document = telling(
    { n_samples: amount, max_per_image, quotas, strategies: strategies.map(unusual) },
    {},
  );
  const text = JSON.stringify(document, null, 2);
  return proportion_samples === 1 ? text.replace('"n_samples": 1,', '"n_samples": 1.0,') : text;
}

const rangeOf = ({ at_least, at_most }: Schemas['Quota']): string => `${at_least ?? ''}..${at_most ?? ''}`;

const option = (name: string, value: string | number | null | undefined): string[][] =>
  value == null ? [] : [[name, String(value)]];
const flag = (name: string, isOn: boolean | undefined): string[][] => (isOn ? [[name]] : []);

const AT_ONCE = 'On the server’s machine; the command executes the run itself, at once.';

/** `swath run`; it goes by where the images lie, `places`. */
export function runAsCommand(request: RunRequest, places: { input: string; output: string }): string {
  const objects = request.object_level;
  const isElsewhere = places.output !== '' && places.output !== places.input;
  const turn = turnRemark(request);
  const selection = selectionOptions(request.selection);
  return command(
    [
      ['swath', 'run', places.input],
      ...option('--output-datasource', isElsewhere ? places.output : null),
      ['--dataset', request.dataset],
      ...option('--task', objects?.task_name),
      ...selection.options,
      ...option('--unit', request.selection.unit === 'images' ? 'image' : null),
      ...option('--padding', objects?.padding === 0 ? null : objects?.padding),
      ...option('--min-score', objects?.min_score),
      ...(objects?.categories ?? []).map((category) => ['--categories', category]),
      ...option('--min-size', objects?.min_size),
      ...option('--max-overlap', objects?.max_overlap),
      ...option('--box-format', objects?.box_format === 'xywh' ? null : objects?.box_format),
      ...option('--crop-dataset-name', objects?.crop_dataset_name),
      ...option('--embedder', request.embedder === 'efficientnet-lite0' ? null : request.embedder),
      ...flag('--keep-duplicates', !request.remove_exact_duplicates),
      ...flag('--process-all', request.process_all),
      ...option('--relevant-filenames', request.relevant_filenames_file),
    ],
    [AT_ONCE, ...turn],
    selection.input,
  );
}

/** `swath select`; null for what it cannot be told to choose from. */
export function selectionAsCommand(request: SelectionRequest): string | null {
  if (request.input != null) return null;
  const selection = selectionOptions(request.selection);
  return command(
    [
      ['swath', 'select', request.dataset],
      ...selection.options,
      ...option('--from-tag', request.input_tag),
      ...option('--preselected-tag', request.preselected_tag),
      ...option('--tag', request.new_tag),
    ],
    ['On the server’s machine.'],
    selection.input,
  );
}

function turnRemark({ priority, runs_on }: Pick<RunRequest, 'priority' | 'runs_on'>): string[] {
  return priority === 0 && runs_on.length === 0
    ? []
    : ['Priority and labels are for runs that wait for a worker: this one does not.'];
}
