/** Strategies as `--strategy` of the command line spells them: `weights,score=uncertainty_entropy,strength=2`. */
import { unusual, type KnownNumber, type NumberInput, type Strategy } from './strategies';

type Setting = readonly [key: string, value: string];

/** The words of a strategy; null where a name in it has what stands between settings. */
export function strategyOption(strategy: Strategy): string | null {
  const settings = settingsOf(strategy);
  return settings.every(isPlain)
    ? [strategy.type, ...settings.map(([key, value]) => `${key}=${value}`)].join(',')
    : null;
}

const isPlain = ([key, value]: Setting): boolean =>
  !/[,=]/.test(key) && !value.includes(',') && key === key.trim() && value === value.trim() && value !== '';

/** What is called otherwise on the command line. */
const NAMES: Record<string, string> = {
  minimum_distance: 'min_distance',
  minimum_distance_mode: 'mode',
  minimum_typicality: 'minimum',
  num_nearest_neighbors: 'neighbors',
};

function settingsOf(strategy: Strategy): Setting[] {
  return Object.entries(unusual(strategy)).flatMap(([name, value]): Setting[] => {
    if (name === 'type') return [];
    if (name === 'input') return 'input' in strategy ? inputSettings(strategy.input) : [];
    if (name === 'query') return 'query' in strategy ? [['query', queryWord(strategy.query)]] : [];
    if (name === 'target')
      return entries(value).map(([category, share]) => [`target.${category}`, String(share)]);
    if (name === 'target_range') return entries(value).map(([bound, sum]) => [bound, String(sum)]);
    return [[NAMES[name] ?? name, String(value)]];
  });
}

const entries = (value: unknown): [string, unknown][] =>
  Object.entries(value as Record<string, unknown>).filter(([, held]) => held !== null);

/** Names with a slash would be read as another dataset and tag. */
const queryWord = ({ dataset, tag }: { dataset: string; tag: string }): string =>
  dataset.includes('/') ? '' : `${dataset}/${tag}`;

type Input = Extract<Strategy, { input: unknown }>['input'];

function inputSettings(input: Input): Setting[] {
  const task: Setting[] = 'task' in input && input.task != null ? [['task', input.task]] : [];
  switch (input.type) {
    case 'scores':
      return [['score', input.score], ...task, ...penalties(input)];
    case 'metadata':
      return [['metadata', input.key]];
    case 'predictions':
      return [...countSetting(input), ...task];
    case 'random':
      return [['random', String(input.seed ?? 0)]];
    default:
      return [
        ...(input.of === undefined || input.of === 'units' ? [] : [['of', input.of] as const]),
        ...task,
      ];
  }
}

function penalties({ frequency_penalty, min_score }: Extract<KnownNumber, { type: 'scores' }>): Setting[] {
  return [
    ...(frequency_penalty === undefined || frequency_penalty === 0.25
      ? []
      : [['frequency_penalty', String(frequency_penalty)] as const]),
    ...(min_score === undefined || min_score === 0.9 ? [] : [['min_score', String(min_score)] as const]),
  ];
}

function countSetting({ name, categories }: Extract<NumberInput, { type: 'predictions' }>): Setting[] {
  if (name !== 'category_count') return [];
  if (categories == null) return [['count', 'all']];
  // A plus stands between them; one that is called so is not all of them.
  const isOdd = categories.some((category) => category.includes('+')) || categories.join() === 'all';
  return [['count', isOdd ? '' : categories.join('+')]];
}
