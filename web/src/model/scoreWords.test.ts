import { describe, expect, it } from 'vitest';
import { metadataInWords, metadataLabel, scoreOfKey, scoresOfTask, withScoresApart } from './scoreWords';
import { metadataFacts } from './sampleWords';
import { sortOptions } from './sorting';

describe('scores', () => {
  it('are told from what people attached, also under tasks with dots', () => {
    expect(scoreOfKey('scores.my.task.uncertainty_margin')).toEqual({
      task: 'my.task',
      score: 'uncertainty_margin',
    });
    expect(scoreOfKey('scores.alone')).toBeNull();
    expect(scoreOfKey('weather.sky')).toBeNull();
    const keys = [{ key: 'sky' }, { key: 'scores.cars.object_frequency' }];
    expect(withScoresApart(keys)).toEqual({ scores: [keys[1]], others: [keys[0]] });
  });

  it('have short names, with their task where there are several', () => {
    const one = 'scores.cars.uncertainty_entropy';
    const other = 'scores.signs.my_own';
    expect(metadataLabel(one, [one, 'sky'])).toBe('Uncertainty (entropy)');
    expect(metadataLabel(one, [one, other])).toBe('Uncertainty (entropy) · cars');
    expect(metadataLabel(other, [other])).toBe('My own');
    expect(metadataLabel('weather.sky', [one])).toBe('weather.sky');
    expect(metadataInWords(one)).toBe('uncertainty (entropy)');
    expect(metadataInWords('Sky')).toBe('Sky');
  });

  it('of a run go by what its task predicts', () => {
    expect(scoresOfTask('object-detection', 'images')).toContain('object_frequency');
    expect(scoresOfTask('object-detection', 'objects')).not.toContain('object_frequency');
    expect(scoresOfTask('keypoint-detection', 'objects')).toEqual(['mean_uncertainty']);
    expect(scoresOfTask('classification', 'images')).not.toContain('objectness_least_confidence');
  });

  it('stand apart in orders, the highest first, and in what is known of a sample, to three digits', () => {
    const key = 'scores.cars.uncertainty_margin';
    const [score, sky] = sortOptions('images', ['sky', key]).slice(-2);
    expect(score).toMatchObject({ label: 'Uncertainty (margin)', group: 'Scores', descending: true });
    expect(sky).toMatchObject({ label: 'sky', group: 'Metadata', descending: false });
    const facts = metadataFacts({ sky: 'clear', scores: { cars: { uncertainty_margin: 0.123456 } } });
    expect(facts.scores).toEqual([{ key, name: 'Uncertainty (margin)', value: '0.123' }]);
    expect(facts.others.map(({ name }) => name)).toEqual(['sky']);
  });
});
