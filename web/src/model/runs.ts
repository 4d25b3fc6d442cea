/** Runs in words: what their states mean, which stages their kinds pass through, and how long what is left takes. */
import type { Schemas } from '@/api/client';

type Run = Schemas['RunDocument'];

/** What somebody wants to know of a state first. */
export type Standing = 'waiting' | 'working' | 'done' | 'failed' | 'stopped';

export const STANDINGS: readonly Standing[] = ['working', 'waiting', 'done', 'failed', 'stopped'];

export const STANDING_WORDS: Record<Standing, string> = {
  waiting: 'Waiting',
  working: 'Running',
  done: 'Done',
  failed: 'Failed',
  stopped: 'Stopped',
};

const OVER: Record<string, Standing> = {
  QUEUED: 'waiting',
  COMPLETED: 'done',
  FAILED: 'failed',
  CRASHED: 'failed',
  ABORTED: 'stopped',
};

export function standingOf(state: string): Standing {
  return OVER[state] ?? 'working';
}

/** The states behind a word, as the server filters by them. */
export function statesOf(standing: Standing): Schemas['RunState'][] {
  return ALL_STATES.filter((state) => standingOf(state) === standing);
}

export function isStanding(word: string | undefined): word is Standing {
  return STANDINGS.includes(word as Standing);
}

const ALL_STATES = [
  'QUEUED',
  'STARTED',
  'INITIALIZING',
  'LOADING_DATASET',
  'LOADING_METADATA',
  'LOADING_PREDICTION',
  'CHECKING_CORRUPTNESS',
  'INITIALIZING_OBJECT_CROPS',
  'COMPUTING_METADATA',
  'TRAINING',
  'EMBEDDING',
  'EMBEDDING_OBJECT_CROPS',
  'PRETAGGING',
  'COMPUTING_ACTIVE_LEARNING_SCORES',
  'SAMPLING',
  'EMBEDDING_FULL_IMAGES',
  'SAVING_RESULTS',
  'UPLOADING_DATASET',
  'GENERATING_REPORT',
  'UPLOADING_REPORT',
  'UPLOADED_REPORT',
  'UPLOADING_ARTIFACTS',
  'UPLOADED_ARTIFACTS',
  'COMPLETED',
  'FAILED',
  'CRASHED',
  'ABORTED',
] as const satisfies readonly Schemas['RunState'][];

export const KIND_WORDS: Record<string, string> = {
  'object-level': 'Objects',
  selection: 'Selection',
  projection: 'Map',
};

/** What a run does, in a word. One without a task goes through whole images. */
export function kindWords(run: Pick<Run, 'kind' | 'task'> & Partial<Pick<Run, 'config'>>): string {
  if (run.kind === 'selection' && run.config?.dry_run === true) return 'Dry run of a selection';
  if (run.kind === 'object-level' && run.task === null) return 'Whole images';
  return KIND_WORDS[run.kind] ?? run.kind;
}

/** One step of a run: the state it is in then, and what happens in words. */
export interface Stage {
  state: string;
  label: string;
}

const OBJECTS: readonly Stage[] = [
  { state: 'LOADING_DATASET', label: 'List images' },
  { state: 'LOADING_PREDICTION', label: 'Read predictions' },
  { state: 'EMBEDDING_OBJECT_CROPS', label: 'Cut and embed objects' },
  { state: 'SAMPLING', label: 'Select' },
  { state: 'EMBEDDING_FULL_IMAGES', label: 'Embed images' },
  { state: 'SAVING_RESULTS', label: 'Save' },
];

const IMAGES: readonly Stage[] = [
  { state: 'LOADING_DATASET', label: 'List images' },
  { state: 'EMBEDDING', label: 'Embed images' },
  { state: 'SAMPLING', label: 'Select' },
  { state: 'SAVING_RESULTS', label: 'Save' },
];

const SELECTION: readonly Stage[] = [
  { state: 'LOADING_DATASET', label: 'Load embeddings' },
  { state: 'SAMPLING', label: 'Select' },
  { state: 'SAVING_RESULTS', label: 'Save' },
];

const PROJECTION: readonly Stage[] = [
  { state: 'LOADING_DATASET', label: 'Load embeddings' },
  { state: 'TRAINING', label: 'Lay out the map' },
  { state: 'SAVING_RESULTS', label: 'Save' },
];

/** The stages that a run passes through, in their order. */
export function stagesOf(run: Pick<Run, 'kind' | 'task'>): readonly Stage[] {
  if (run.kind === 'selection') return SELECTION;
  if (run.kind === 'projection') return PROJECTION;
  return run.task === null ? IMAGES : OBJECTS;
}

/** A stage of a run, or a key of its seconds per stage, as people say it. */
export function stageLabel(run: Pick<Run, 'kind' | 'task'>, state: string): string {
  const name = state.toUpperCase();
  const stage = stagesOf(run).find((one) => one.state === name);
  return stage?.label ?? `${name.slice(0, 1)}${name.slice(1).toLowerCase().replaceAll('_', ' ')}`;
}

/** How a run stands, in a sentence. */
export function stateSentence(
  run: Pick<Run, 'kind' | 'task' | 'state' | 'cancel_requested' | 'worker' | 'runs_on'>,
): string {
  const standing = standingOf(run.state);
  if (standing === 'waiting') {
    return run.runs_on.length === 0
      ? 'Waiting for a worker'
      : `Waiting for a worker with ${run.runs_on.join(', ')}`;
  }
  if (standing !== 'working') return STANDING_WORDS[standing];
  if (run.cancel_requested) return 'Stopping at the next step';
  const stage = stagesOf(run).find(({ state }) => state === run.state);
  return stage?.label ?? 'Starting';
}

export type StageStanding = 'done' | 'current' | 'ahead' | 'skipped';

/** How each stage of a run stands; `seconds` are those of its result, which say what was really done. */
export function stageStandings(
  run: Pick<Run, 'kind' | 'task' | 'state'>,
  seconds: Readonly<Record<string, number>> | null,
): { stage: Stage; standing: StageStanding; seconds: number | null }[] {
  const stages = stagesOf(run);
  const order: readonly string[] = ALL_STATES;
  const at = order.indexOf(run.state);
  const isOver = standingOf(run.state) !== 'working' && standingOf(run.state) !== 'waiting';
  return stages.map((stage) => {
    const took = seconds?.[stage.state.toLowerCase()] ?? null;
    if (isOver) {
      const isDone = took !== null || (run.state === 'COMPLETED' && seconds === null);
      return { stage, standing: isDone ? 'done' : 'skipped', seconds: took };
    }
    if (stage.state === run.state) return { stage, standing: 'current', seconds: null };
    return { stage, standing: order.indexOf(stage.state) < at ? 'done' : 'ahead', seconds: null };
  });
}

/** How far a stage was at a moment. */
export interface Sighting {
  /** Milliseconds. */
  at: number;
  done: number;
}

/** The window that a rate is taken from: long enough to be steady, short enough to follow. */
const WINDOW_MS = 30_000;
const SHORTEST_MS = 2500;

/** What was seen of a stage, with one more sighting, without what is too old to matter. */
export function seen(earlier: readonly Sighting[], now: Sighting): readonly Sighting[] {
  const last = earlier.at(-1);
  if (last !== undefined && now.done < last.done) return [now];
  const kept = earlier.filter(({ at }) => now.at - at <= WINDOW_MS);
  return [...kept, now];
}

/** Units per second: what was seen in the window, or until that is long enough what the worker says. */
export function rateOf(sightings: readonly Sighting[], told: number | null | undefined): number | null {
  const first = sightings[0];
  const last = sightings.at(-1);
  if (first !== undefined && last !== undefined && last.at - first.at >= SHORTEST_MS) {
    const rate = ((last.done - first.done) * 1000) / (last.at - first.at);
    if (rate > 0) return rate;
  }
  return told != null && told > 0 ? told : null;
}

/** Milliseconds until a stage is done; null where nobody can know. */
export function remainingMs(
  done: number,
  total: number | null | undefined,
  rate: number | null,
): number | null {
  if (total == null || rate === null || rate <= 0) return null;
  return (Math.max(0, total - done) / rate) * 1000;
}

/** Time that is left, as exact as it can be known: `about 20 s`, `about 4 min`, `about 2.5 h`. */
export function aboutTime(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 5) return 'a few seconds';
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} s`;
  if (seconds < 3570) return `about ${Math.max(1, Math.round(seconds / 60))} min`;
  const hours = seconds / 3600;
  return `about ${hours < 10 ? Math.round(hours * 2) / 2 : Math.round(hours)} h`;
}

/** How long a run has been at work; null for one that never was. */
export function tookMs(run: Pick<Run, 'started_at' | 'finished_at'>, now: number): number | null {
  if (run.started_at === null) return null;
  return Math.max(0, (run.finished_at ?? Math.max(now, run.started_at)) - run.started_at);
}

/** A rate as people read it: `12 images/s`, `1.2 images/s`, `20 images/min`. */
export function rateWords(rate: number, unit: string): string {
  const what = unit === '' ? '' : ` ${unit}`;
  if (rate >= 10) return `${Math.round(rate).toLocaleString('en-US')}${what}/s`;
  if (rate >= 1) return `${rate.toFixed(1)}${what}/s`;
  return `${(rate * 60).toFixed(rate * 60 < 10 ? 1 : 0)}${what}/min`;
}
