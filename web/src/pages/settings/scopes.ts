import type { Schemas } from '@/api/client';

type Scope = Schemas['Scope'];

/** What a token of each scope is good for. */
export const SCOPE_WORDS: Record<Scope, string> = {
  owner: 'everything, also users and what is others’',
  member: 'everything with its own datasets, runs, tags and workers',
  worker: 'the work of a worker, and nothing else',
  'read-only': 'looking, and nothing else',
};

/** The scopes that somebody may give to a token of their own. */
export function scopesOf(mine: Scope): Scope[] {
  return mine === 'owner' ? ['member', 'worker', 'read-only', 'owner'] : ['member', 'worker', 'read-only'];
}
