import { describe, expect, it } from 'vitest';
import {
  aboutTime,
  kindWords,
  rateOf,
  rateWords,
  remainingMs,
  seen,
  stageLabel,
  stageStandings,
  standingOf,
  statesOf,
  stateSentence,
  tookMs,
  type Sighting,
} from './runs';

const RUN = {
  kind: 'object-level',
  task: 'cars',
  state: 'QUEUED',
  cancel_requested: false,
  worker: null,
  runs_on: [],
};

describe('states', () => {
  it('are said in a word', () => {
    expect(['QUEUED', 'SAMPLING', 'COMPLETED', 'CRASHED', 'ABORTED'].map(standingOf)).toEqual([
      'waiting',
      'working',
      'done',
      'failed',
      'stopped',
    ]);
    expect(statesOf('failed')).toEqual(['FAILED', 'CRASHED']);
    expect(statesOf('working')).not.toContain('QUEUED');
  });

  it('are said in a sentence', () => {
    expect(stateSentence(RUN)).toBe('Waiting for a worker');
    expect(stateSentence({ ...RUN, runs_on: ['gpu', 'big'] })).toBe('Waiting for a worker with gpu, big');
    expect(stateSentence({ ...RUN, state: 'EMBEDDING_OBJECT_CROPS' })).toBe('Cut and embed objects');
    expect(stateSentence({ ...RUN, state: 'SAMPLING', cancel_requested: true })).toBe(
      'Stopping at the next step',
    );
  });

  it('have stages by what the run does', () => {
    const standings = stageStandings({ ...RUN, state: 'SAMPLING' }, null).map(({ standing }) => standing);
    expect(standings).toEqual(['done', 'done', 'done', 'current', 'ahead', 'ahead']);
    expect(stageStandings({ kind: 'selection', task: null, state: 'QUEUED' }, null)[0]?.standing).toBe(
      'ahead',
    );
    expect(kindWords({ kind: 'object-level', task: null })).toBe('Whole images');
    expect(kindWords({ kind: 'selection', task: null, config: { dry_run: true } })).toContain('Dry run');
  });

  it('tell which stages a run that failed has left out', () => {
    const failed = stageStandings({ ...RUN, state: 'FAILED' }, { loading_dataset: 0.2 });
    expect(failed.map(({ standing }) => standing)).toEqual(['done', ...Array<string>(5).fill('skipped')]);
    expect(failed[0]?.seconds).toBe(0.2);
  });

  it('have words also where no stage is known', () => {
    expect(stageLabel(RUN, 'embedding_full_images')).toBe('Embed images');
    expect(stageLabel(RUN, 'UPLOADING_REPORT')).toBe('Uploading report');
  });
});

describe('the time that is left', () => {
  const steady: Sighting[] = [0, 1000, 2000, 3000].map((at) => ({ at, done: at / 10 }));

  it('follows what was seen', () => {
    expect(rateOf(steady, 5)).toBe(100);
    expect(remainingMs(300, 1300, 100)).toBe(10_000);
  });

  it('trusts the worker as long as too little was seen', () => {
    expect(rateOf(steady.slice(0, 2), 5)).toBe(5);
    expect(rateOf([], null)).toBeNull();
    expect(rateOf([], 0)).toBeNull();
  });

  it('does not believe a stage that stands still', () => {
    const still = [0, 5000].map((at) => ({ at, done: 7 }));
    expect(rateOf(still, null)).toBeNull();
    expect(remainingMs(7, 10, null)).toBeNull();
    expect(remainingMs(7, null, 3)).toBeNull();
  });

  it('forgets what is old, and what was of another stage', () => {
    expect(seen([{ at: 0, done: 1 }], { at: 60_000, done: 50 })).toEqual([{ at: 60_000, done: 50 }]);
    expect(seen([{ at: 0, done: 90 }], { at: 100, done: 2 })).toEqual([{ at: 100, done: 2 }]);
  });

  it('is as exact as it can be', () => {
    expect([1000, 12_000, 58_000, 200_000, 5_400_000, 40_000_000].map(aboutTime)).toEqual([
      'a few seconds',
      'about 15 s',
      'about 1 min',
      'about 3 min',
      'about 1.5 h',
      'about 11 h',
    ]);
    expect(rateWords(123.4, 'images')).toBe('123 images/s');
    expect(rateWords(0.05, 'images')).toBe('3.0 images/min');
  });

  it('of a clock that is slow is not negative', () => {
    expect(tookMs({ started_at: 5000, finished_at: null }, 4000)).toBe(0);
    expect(tookMs({ started_at: null, finished_at: 9 }, 4000)).toBeNull();
  });
});
