import { describe, expect, it } from 'vitest';
import { familiesOf, foundFamilies, orderedFamilies } from './families';

const dataset = (name: string, changes: Partial<Parameters<typeof familiesOf>[0][number]> = {}) => ({
  id: name,
  owner_id: 'me',
  owner: 'local',
  name,
  kind: 'images',
  sample_count: 1,
  parent_id: null,
  parent: null,
  task: null,
  created_at: 0,
  modified_at: 0,
  ...changes,
});

const PHOTOS = dataset('photos', { modified_at: 5 });
const CARS = dataset('photos-cars', { kind: 'crops', parent_id: 'photos', sample_count: 900 });
const ROADS = dataset('roads', { modified_at: 9, sample_count: 10 });
const ORPHAN = dataset('faces', { kind: 'crops', parent_id: 'hidden', modified_at: 1 });

const names = (families: readonly { head: { name: string } }[]) => families.map(({ head }) => head.name);

describe('families of datasets', () => {
  const families = familiesOf([PHOTOS, CARS, ROADS, ORPHAN]);

  it('hold images with their crops, and crops alone whose images are hidden', () => {
    expect(names(families)).toEqual(['photos', 'roads', 'faces']);
    expect(families[0]?.crops).toEqual([CARS]);
    expect(families[2]?.crops).toEqual([]);
  });

  it('are found by the name of any of their datasets', () => {
    expect(names(foundFamilies(families, ' CARS'))).toEqual(['photos']);
    expect(names(foundFamilies(families, ''))).toEqual(['photos', 'roads', 'faces']);
    expect(foundFamilies(families, 'boats')).toEqual([]);
  });

  it('are ordered by change, name and size', () => {
    expect(names(orderedFamilies(families, 'recent'))).toEqual(['roads', 'photos', 'faces']);
    expect(names(orderedFamilies(families, 'name'))).toEqual(['faces', 'photos', 'roads']);
    expect(names(orderedFamilies(families, 'size'))).toEqual(['photos', 'roads', 'faces']);
  });
});
