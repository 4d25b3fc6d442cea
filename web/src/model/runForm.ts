/** What the forms for new runs hold, and the requests that come of it. */
import type { Schemas } from '@/api/client';
import {
  completed,
  itemsOf,
  newStrategy,
  strategiesOf,
  type KeptStrategy,
  type Strategy,
  type StrategyItem,
} from './strategies';

/** How many, and how to choose them. */
export interface Choosing {
  n_samples?: number | null;
  proportion_samples?: number | null;
  unit?: 'objects' | 'images';
  strategies: Strategy[];
  max_per_image?: number;
  quotas?: Record<string, Schemas['Quota']>;
}

interface TurnRequest {
  priority: number;
  runs_on: string[];
}

/** Requests as these forms make them: what the server would fill in is said. */
export type RunRequest = Omit<Schemas['RunRequest'], 'selection' | keyof TurnRequest> &
  TurnRequest & { selection: Choosing };
export type SelectionRequest = Omit<Schemas['SelectionRunRequest'], 'selection' | keyof TurnRequest> &
  TurnRequest & { selection: Omit<Choosing, 'unit'> };

/** An empty number field. */
export type MaybeNumber = number | '';

export interface Amount {
  kind: 'share' | 'count';
  /** Percent. */
  percent: MaybeNumber;
  count: MaybeNumber;
}

/** How many of a category are picked. A number of its own keeps rows apart while their categories change. */
export interface QuotaRow {
  id: number;
  category: string;
  atLeast: number | null;
  atMost: number | null;
}

/** What objects of one image, or of one category, are allowed. */
export interface Limits {
  maxPerImage: number | null;
  quotas: readonly QuotaRow[];
}

/** How to choose. */
export interface Choice {
  amount: Amount;
  strategies: readonly StrategyItem[];
  /** Of objects; images have none. */
  limits: Limits;
}

/** Which worker, and when. */
export interface Turn {
  priority: MaybeNumber;
  runsOn: readonly string[];
}

export interface RunForm extends Turn, Choice {
  /** Empty: whole images, whatever is on them. */
  task: string;
  unit: 'objects' | 'images';
  padding: number;
  boxFormat: 'xywh' | 'xyxy' | 'auto';
  minScore: MaybeNumber;
  minSize: MaybeNumber;
  maxOverlap: MaybeNumber;
  /** Names or ids, as a run takes them; null: all. */
  categories: readonly string[] | null;
  cropDatasetName: string;
  embedder: string;
  removeDuplicates: boolean;
  processAll: boolean;
  relevantFilenames: string;
}

export const DEFAULT_EMBEDDER = 'efficientnet-lite0';

const NEW_CHOICE: Choice = {
  amount: { kind: 'share', percent: 10, count: 100 },
  strategies: itemsOf([newStrategy('diversity')]),
  limits: { maxPerImage: null, quotas: [] },
};

export const NEW_RUN: RunForm = {
  ...NEW_CHOICE,
  task: '',
  unit: 'objects',
  padding: 0,
  boxFormat: 'xywh',
  minScore: '',
  minSize: '',
  maxOverlap: '',
  categories: null,
  cropDatasetName: '',
  embedder: DEFAULT_EMBEDDER,
  removeDuplicates: true,
  processAll: false,
  relevantFilenames: '',
  priority: 0,
  runsOn: [],
};

const orNull = (value: MaybeNumber): number | null => (value === '' ? null : value);
const textOrNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

/** The request that a form stands for, on this image dataset. */
export function runRequestOf(form: RunForm, dataset: string): RunRequest {
  const unit = form.task === '' ? 'images' : form.unit;
  return {
    dataset,
    object_level: form.task === '' ? null : objectLevelOf(form),
    selection: { ...choiceRequest(form, unit), unit },
    embedder: form.embedder.trim() === '' ? DEFAULT_EMBEDDER : form.embedder.trim(),
    remove_exact_duplicates: form.removeDuplicates,
    process_all: form.processAll,
    relevant_filenames_file: textOrNull(form.relevantFilenames),
    priority: form.priority === '' ? 0 : form.priority,
    runs_on: [...form.runsOn],
  };
}

function objectLevelOf(form: RunForm): Schemas['ObjectLevelConfig'] {
  return {
    task_name: form.task,
    padding: form.padding,
    box_format: form.boxFormat,
    crop_dataset_name: textOrNull(form.cropDatasetName),
    min_score: orNull(form.minScore),
    min_size: orNull(form.minSize),
    max_overlap: orNull(form.maxOverlap),
    categories: form.categories === null ? null : [...form.categories],
  };
}

/** JavaScript does not tell 1 from 1.0, so shares have a field of their own. */
export function amountRequest(amount: Amount): Pick<Choosing, 'n_samples' | 'proportion_samples'> {
  if (amount.kind === 'count') return amount.count === '' ? {} : { n_samples: amount.count };
  return amount.percent === '' ? {} : { proportion_samples: shareOf(amount.percent) };
}

/** 12.5 percent is 0.125, and not a digit more. */
export function shareOf(percent: number): number {
  return Number((percent / 100).toPrecision(12));
}

/** How to choose, as requests say it. */
function choiceRequest({ amount, strategies, limits }: Choice, unit: 'objects' | 'images'): Choosing {
  return {
    ...amountRequest(amount),
    strategies: strategiesOf(strategies),
    ...(unit === 'objects' ? limitsRequest(limits) : {}),
  };
}

export function limitsRequest({ maxPerImage, quotas }: Limits): Pick<Choosing, 'max_per_image' | 'quotas'> {
  const said = quotas.filter(
    ({ category, atLeast, atMost }) => category !== '' && (atLeast !== null || atMost !== null),
  );
  return {
    ...(maxPerImage === null ? {} : { max_per_image: maxPerImage }),
    ...(said.length === 0
      ? {}
      : {
          quotas: Object.fromEntries(
            said.map(({ category, atLeast, atMost }) => [category, { at_least: atLeast, at_most: atMost }]),
          ),
        }),
  };
}

/** How to choose, as runs keep it. */
interface KeptChoice {
  n_samples?: number | null;
  strategies?: readonly KeptStrategy[];
  max_per_image?: number | null;
  quotas?: Readonly<Record<string, Schemas['Quota']>> | null;
}

/** A configuration as runs keep it: what is in it was checked when the run was asked for. */
export interface KeptConfig {
  datasource?: { process_all?: boolean; relevant_filenames_file?: string | null };
  object_level?: Partial<Schemas['ObjectLevelConfig']> | null;
  selection?: KeptChoice & { unit?: 'objects' | 'images' };
  embedder?: string;
  remove_exact_duplicates?: boolean;
}

/** The form that asks for the same as a run did. */
export function formOfRun(
  run: Pick<Schemas['RunDocument'], 'config' | 'priority' | 'runs_on' | 'crop_dataset'>,
): RunForm {
  const config = run.config as KeptConfig;
  const objects = config.object_level ?? {};
  return {
    ...NEW_RUN,
    task: objects.task_name ?? '',
    unit: config.selection?.unit ?? 'objects',
    ...choiceOfConfig(config.selection),
    padding: objects.padding ?? 0,
    boxFormat: objects.box_format ?? 'xywh',
    minScore: objects.min_score ?? '',
    minSize: objects.min_size ?? '',
    maxOverlap: objects.max_overlap ?? '',
    categories: objects.categories ?? null,
    cropDatasetName: objects.crop_dataset_name ?? run.crop_dataset?.name ?? '',
    embedder: config.embedder ?? DEFAULT_EMBEDDER,
    removeDuplicates: config.remove_exact_duplicates ?? true,
    processAll: config.datasource?.process_all ?? false,
    relevantFilenames: config.datasource?.relevant_filenames_file ?? '',
    priority: run.priority,
    runsOn: run.runs_on,
  };
}

/**
 * The amount of a kept configuration. There a share is below 1 or was written 1.0, which JSON readers of this language
 * see as 1, as they do a count of one: all is asked for far more often than one.
 */
export function amountOfConfig(amount: number | null | undefined): Amount {
  const usual = NEW_RUN.amount;
  if (amount == null) return { ...usual, percent: '' };
  if (amount <= 1) return { ...usual, kind: 'share', percent: Number((amount * 100).toPrecision(12)) };
  return { ...usual, kind: 'count', count: amount };
}

/** How a run chose, to choose so again. */
export function choiceOfConfig(kept: KeptChoice | undefined): Choice {
  return {
    amount: amountOfConfig(kept?.n_samples),
    strategies:
      kept?.strategies === undefined ? NEW_CHOICE.strategies : itemsOf(kept.strategies.map(completed)),
    limits: {
      maxPerImage: kept?.max_per_image ?? null,
      quotas: Object.entries(kept?.quotas ?? {}).map(([category, { at_least, at_most }], id) => ({
        id,
        category,
        atLeast: at_least ?? null,
        atMost: at_most ?? null,
      })),
    },
  };
}

/** What a run takes for a category: its name, or its id where another one would be taken for it. */
export function categoryWord(
  category: { id: number; name: string },
  all: readonly { id: number; name: string }[],
): string {
  const meant = all.findLast(({ name }) => name === category.name);
  return meant?.id === category.id && !category.name.includes(',') ? category.name : String(category.id);
}

/** Ids of the categories that a run takes these words for. */
export function categoryIds(
  words: readonly string[],
  all: readonly { id: number; name: string }[],
): number[] {
  return words.flatMap((word) => {
    const found = all.findLast(({ name }) => name === word) ?? all.find(({ id }) => String(id) === word);
    return found === undefined ? [] : [found.id];
  });
}

const DATASET_NAME = /^[a-zA-Z0-9][a-zA-Z0-9 _-]{2,127}$/;

/** Why a dataset cannot be called so; null if it can. The server judges the same way. */
export function nameProblem(name: string): string | null {
  return DATASET_NAME.test(name)
    ? null
    : '3 to 128 letters, digits, spaces, `_` or `-`, beginning with a letter or a digit';
}

/** A name that no other dataset has: this one, or with the lowest number that is free. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    if (!taken.has(`${wanted}-${number}`)) return `${wanted}-${number}`;
  }
}

/** A configuration of a selection run, as it is kept. */
interface KeptSelection {
  dataset_name?: string;
  selection?: KeptChoice;
  input_selection_id?: string;
  input_tag?: string | null;
  preselected_tag?: string | null;
  new_tag?: string | null;
}

/** The request for the same selection again, from the very samples of then where they were not those of a tag. */
export function selectionRequestOfRun(
  run: Pick<Schemas['RunDocument'], 'config' | 'priority' | 'runs_on'>,
): SelectionRequest {
  const config = run.config as KeptSelection;
  const hasTag = config.input_tag != null;
  return {
    dataset: config.dataset_name ?? '',
    // Limits were checked then: only objects have some.
    selection: choiceRequest(choiceOfConfig(config.selection), 'objects'),
    input:
      hasTag || config.input_selection_id === undefined
        ? null
        : { all_of: [{ selection_id: config.input_selection_id }], except_ids: [] },
    input_tag: config.input_tag ?? null,
    preselected_tag: config.preselected_tag ?? null,
    new_tag: config.new_tag ?? null,
    priority: run.priority,
    runs_on: [...run.runs_on],
  };
}

/** What to choose from: `all`, `tag:NAME`, `view:ID` or `selection:ID`. */
export type Source = string;

export interface SelectForm extends Turn, Choice {
  source: Source;
  /** Name of the tag whose samples count as chosen; empty: none. */
  preselectedTag: string;
  /** Empty: one is made up. */
  newTag: string;
}

export const NEW_SELECTION: SelectForm = {
  ...NEW_CHOICE,
  source: 'all',
  preselectedTag: '',
  newTag: '',
  priority: 0,
  runsOn: [],
};

/** The request that a form stands for, on this dataset. */
export function selectionRequestOf(form: SelectForm, dataset: string): SelectionRequest {
  return {
    dataset,
    selection: choiceRequest(form, 'objects'),
    ...inputOf(form.source),
    preselected_tag: textOrNull(form.preselectedTag),
    new_tag: textOrNull(form.newTag),
    priority: form.priority === '' ? 0 : form.priority,
    runs_on: [...form.runsOn],
  };
}

function inputOf(source: Source): Pick<SelectionRequest, 'input' | 'input_tag'> {
  const [kind, name] = [source.slice(0, source.indexOf(':')), source.slice(source.indexOf(':') + 1)];
  if (kind === 'tag') return { input_tag: name };
  if (kind === 'view') return { input: { all_of: [{ view_id: name }], except_ids: [] } };
  if (kind === 'selection') return { input: { all_of: [{ selection_id: name }], except_ids: [] } };
  return {};
}

/** The form that asks for the same as a selection run did. */
export function formOfSelection(
  run: Pick<Schemas['RunDocument'], 'config' | 'priority' | 'runs_on'>,
): SelectForm {
  const config = run.config as KeptSelection;
  return {
    source:
      config.input_tag != null
        ? `tag:${config.input_tag}`
        : config.input_selection_id === undefined
          ? 'all'
          : `selection:${config.input_selection_id}`,
    ...choiceOfConfig(config.selection),
    preselectedTag: config.preselected_tag ?? '',
    // Its name is taken: the run has made it.
    newTag: '',
    priority: run.priority,
    runsOn: run.runs_on,
  };
}

/** A name for the tag of what was chosen, as the server makes them up. */
export function madeUpTag(selected: number, now: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}h${two(now.getMinutes())}m${two(now.getSeconds())}`;
  return `selection ${day} ${time} ${selected} selected`;
}
