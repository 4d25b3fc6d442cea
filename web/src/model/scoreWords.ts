/** Scores of how much a model struggles: metadata under `scores.<task>.<score>`, with names for people. */

const PREFIX = 'scores.';

export interface ScoreKey {
  task: string;
  score: string;
}

/** What a metadata key says of a score; null for a key that somebody attached. Tasks may have dots in their names. */
export function scoreOfKey(key: string): ScoreKey | null {
  const end = key.lastIndexOf('.');
  if (!key.startsWith(PREFIX) || end <= PREFIX.length || end === key.length - 1) return null;
  return { task: key.slice(PREFIX.length, end), score: key.slice(end + 1) };
}

export const keyOfScore = ({ task, score }: ScoreKey): string => `${PREFIX}${task}.${score}`;

const WORDS: Record<string, string> = {
  uncertainty_least_confidence: 'Uncertainty (least confidence)',
  uncertainty_margin: 'Uncertainty (margin)',
  uncertainty_entropy: 'Uncertainty (entropy)',
  objectness_least_confidence: 'Uncertainty (objectness)',
  object_frequency: 'Object frequency',
  mean_uncertainty: 'Uncertainty (keypoints)',
};

/** A score in words, whatever its task. */
export function scoreInWords(score: string): string {
  const plain = score.replaceAll('_', ' ').trim();
  return WORDS[score] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** How a metadata key is called among others: scores by their short names, with the task where there are several. */
export function metadataLabel(key: string, keys: readonly string[]): string {
  const own = scoreOfKey(key);
  if (own === null) return key;
  const tasks = new Set(keys.map((one) => scoreOfKey(one)?.task).filter((task) => task !== undefined));
  return tasks.size > 1 ? `${scoreInWords(own.score)} · ${own.task}` : scoreInWords(own.score);
}

const OF_BOXES = ['object-detection', 'instance-segmentation'];

/** The same inside a sentence. */
export function metadataInWords(key: string): string {
  const label = metadataLabel(key, [key]);
  return label === key ? key : label.charAt(0).toLowerCase() + label.slice(1);
}

/** Keys of scores apart from what people attached; each in the order they came in. */
export function withScoresApart<One extends { key: string }>(
  all: readonly One[],
): { scores: One[]; others: One[] } {
  return {
    scores: all.filter(({ key }) => scoreOfKey(key) !== null),
    others: all.filter(({ key }) => scoreOfKey(key) === null),
  };
}

/** The scores that a run computes for predictions of a kind of task. */
export function scoresOfTask(taskType: string, unit: 'objects' | 'images'): string[] {
  const uncertainty = ['uncertainty_entropy', 'uncertainty_margin', 'uncertainty_least_confidence'];
  if (taskType === 'keypoint-detection') return ['mean_uncertainty'];
  if (!OF_BOXES.includes(taskType)) return uncertainty;
  return [...uncertainty, 'objectness_least_confidence', ...(unit === 'images' ? ['object_frequency'] : [])];
}
