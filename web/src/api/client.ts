/** The one way to the server: typed by its description, with its problems as errors. */
import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
/** A refusal of the server; what does not apply is left out or null. */
export type Problem = Pick<Schemas['Problem'], 'type' | 'title' | 'status' | 'detail'> &
  Partial<Schemas['Problem']>;

/** What the server refused, in its own words, or that it could not be reached (status 0). */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = 'ProblemError';
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }
}

export const UNREACHABLE: Problem = {
  type: 'unreachable',
  title: 'The server does not answer',
  status: 0,
  detail: 'The server does not answer',
  hint: 'Is `swath up` still running? This page tries again by itself.',
};

/** Ask for a login, and come back to this address after it. */
export function goToLogin(): void {
  const here = window.location.pathname + window.location.search;
  window.location.assign(here === '/' ? '/login' : `/login?next=${encodeURIComponent(here)}`);
}

const loginWhereNeeded: Middleware = {
  onResponse({ response }) {
    if (response.status === 401) goToLogin();
  },
  onError({ error }) {
    return error instanceof DOMException && error.name === 'AbortError'
      ? error
      : new ProblemError(UNREACHABLE);
  },
};

export const api = createClient<paths>({ baseUrl: '' });
api.use(loginWhereNeeded);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What was asked for; throws ProblemError. */
export async function ok<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok) return data as T;
  throw new ProblemError(isProblem(error) ? error : unreadable(response));
}

/** The bytes at an address of the server, with its headers; throws ProblemError. */
export async function fetchBytes(
  url: string,
  signal?: AbortSignal,
): Promise<{ bytes: ArrayBuffer; headers: Headers }> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ProblemError(UNREACHABLE);
  }
  if (response.status === 401) goToLogin();
  if (!response.ok) {
    const body: unknown = await response.json().catch(() => null);
    throw new ProblemError(isProblem(body) ? body : unreadable(response));
  }
  return { bytes: await response.arrayBuffer(), headers: response.headers };
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'title' in body && 'status' in body;
}

function unreadable(response: Response): Problem {
  return {
    type: 'about:blank',
    title: `The server answered ${response.status}`,
    status: response.status,
    detail: `The server answered ${response.status} ${response.statusText}`.trim(),
  };
}
