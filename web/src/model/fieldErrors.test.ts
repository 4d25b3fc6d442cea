import { describe, expect, it } from 'vitest';
import { ProblemError } from '@/api/client';
import { errorsBelow, fieldErrors } from './fieldErrors';

const problem = { type: 'invalid-request', title: 'No', status: 422, detail: 'is wrong' };

describe('what is wrong with a field', () => {
  it('is what the server says of it, with what to do', () => {
    const errors = fieldErrors(new ProblemError({ ...problem, field: 'a.b', hint: 'Do this.' }));
    expect(errors('a.b')).toBe('is wrong. Do this.');
    expect(errors('a')).toBe('is wrong. Do this.');
    expect(errors('c')).toBeUndefined();
    expect(errors('a.bc')).toBeUndefined();
  });

  it('is told for each of several', () => {
    const fields = [
      { field: 'x', detail: '`x`: should be less, got `3`' },
      { field: 'y.0.z', detail: 'z is wrong' },
    ];
    const errors = fieldErrors(new ProblemError({ ...problem, fields }));
    expect(errors('x')).toBe('should be less, got `3`');
    expect(errors('w', 'y')).toBe('z is wrong');
  });

  it('is nothing where the server has named none', () => {
    expect(fieldErrors(new ProblemError(problem))('x')).toBeUndefined();
    expect(fieldErrors(new Error('no'))('x')).toBeUndefined();
    expect(fieldErrors(null)('x')).toBeUndefined();
  });
});

describe('what is wrong in a list', () => {
  it('is found at its place, however the server writes it', () => {
    const problemAt = (field: string) => new ProblemError({ ...problem, field });
    expect(fieldErrors(problemAt('a.list[1].input.key'))('a.list.1.input')).toBe('is wrong');
    expect(fieldErrors(problemAt('a.list.1.input'))('a.list.1')).toBe('is wrong');
    expect(fieldErrors(problemAt('a.list[10]'))('a.list.1')).toBeUndefined();
    const below = errorsBelow(fieldErrors(problemAt('a.list[1].input')), 'a.list.1');
    expect(below('input')).toBe('is wrong');
    expect(below('strength')).toBeUndefined();
  });
});
