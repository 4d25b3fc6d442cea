/** The ways to lay out a map, in words. */
import type { MapParameters, ProjectionMethod } from '@/api/queries/projections';

export interface ParameterField {
  readonly name: keyof MapParameters;
  readonly label: string;
  readonly about: string;
  readonly usual: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

export interface MethodChoice {
  readonly method: Exclude<ProjectionMethod, 'pca'>;
  /** What it is good for. */
  readonly about: string;
  readonly fields: readonly ParameterField[];
}

const SEED: ParameterField = {
  name: 'seed',
  label: 'Seed',
  about: 'The same seed gives the same map',
  usual: 0,
  min: 0,
  max: 2 ** 31 - 1,
  step: 1,
};

const NEIGHBORS = (usual: number): ParameterField => ({
  name: 'neighbors',
  label: 'Neighbours',
  about: 'More show the whole, fewer the details',
  usual,
  min: 2,
  max: 200,
  step: 1,
});

/** PCA is always there and cannot be asked for. */
export const METHOD_CHOICES: readonly MethodChoice[] = [
  {
    method: 'pacmap',
    about: 'Keeps both groups and how they lie to each other, and is quick: the one to begin with.',
    fields: [NEIGHBORS(10), SEED],
  },
  {
    method: 'tsne',
    about: 'Shows small groups most clearly; how far groups lie from each other means little.',
    fields: [
      {
        name: 'perplexity',
        label: 'Perplexity',
        about: 'How many neighbours count, softly',
        usual: 30,
        min: 2,
        max: 200,
        step: 1,
      },
      SEED,
    ],
  },
  {
    method: 'umap',
    about: 'Draws groups together tightly, with clear gaps between them.',
    fields: [
      NEIGHBORS(15),
      {
        name: 'min_distance',
        label: 'Least distance',
        about: 'How close points may come',
        usual: 0.1,
        min: 0,
        max: 1,
        step: 0.05,
      },
      SEED,
    ],
  },
];

/** What was chosen beside the usual, as few words: `15 neighbours, seed 3`. */
export function parametersInWords(parameters: Readonly<Record<string, number>>): string {
  const words: string[] = [];
  if (parameters.neighbors !== undefined) words.push(`${parameters.neighbors} neighbours`);
  if (parameters.perplexity !== undefined) words.push(`perplexity ${parameters.perplexity}`);
  if (parameters.min_distance !== undefined) words.push(`distance ${parameters.min_distance}`);
  if (parameters.seed !== undefined && parameters.seed !== 0) words.push(`seed ${parameters.seed}`);
  return words.join(', ');
}
