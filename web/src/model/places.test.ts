import { describe, expect, it } from 'vitest';
import { credentialsOf, describedKind, kindOfPlace, KINDS, suggestedName } from './places';

describe('a place', () => {
  it('is told by its scheme, and a folder without one', () => {
    expect(KINDS.map(({ placeholder }) => kindOfPlace(placeholder))).toEqual(KINDS.map(({ kind }) => kind));
    expect(kindOfPlace(' GCS://x/y')).toBe('gs');
    expect(kindOfPlace('abfss://c@a.dfs.core.windows.net/x')).toBe('az');
    expect(kindOfPlace('C:/photos')).toBe('folder');
  });

  it('of every kind has its own fields', () => {
    expect(describedKind('folder').fields).toEqual([]);
    expect(describedKind('az').fields.map(({ name }) => name)).toContain('sas_token');
  });
});

describe('credentials', () => {
  const values = { access_key_id: ' AKIA ', region: '', sas_token: 'of another kind' };

  it('are those of the server, none, or what was typed for this kind', () => {
    expect(credentialsOf('s3', { mode: 'server', values })).toBeNull();
    expect(credentialsOf('s3', { mode: 'public', values })).toEqual({});
    expect(credentialsOf('s3', { mode: 'given', values })).toEqual({ access_key_id: 'AKIA' });
  });

  it('are never sent for a folder', () => {
    expect(credentialsOf('folder', { mode: 'given', values })).toBeNull();
  });
});

describe('a suggested name', () => {
  it('is the last part of the place, as datasets may be called', () => {
    expect(suggestedName('/data/street scenes/')).toBe('street scenes');
    expect(suggestedName('s3://bucket/2026/photos.v2')).toBe('photos-v2');
    expect(suggestedName('s3://bucket')).toBe('bucket');
    expect(suggestedName('/data/Übung')).toBe('Ubung');
  });

  it('is something where the place says nothing that can be used', () => {
    expect(suggestedName('/')).toBe('dataset');
    expect(suggestedName('/data/ab')).toBe('dataset-ab');
  });
});
