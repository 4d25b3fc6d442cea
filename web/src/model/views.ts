/** Saved views: the rule of a page as the server keeps it, and the page of a rule. */
import type { Schemas } from '@/api/client';
import { tidied, type BrowsingSearch } from './browsing';

type ViewRule = Schemas['ViewRule'];

/** How a page looks: what a view keeps beside filter and order. */
const LOOKS = ['tile', 'context', 'boxes'] as const satisfies readonly (keyof BrowsingSearch)[];

/** What an address asks for, as a rule. */
export function ruleOf(search: BrowsingSearch): ViewRule {
  return {
    filter: search.q ?? {},
    sort: search.sort ?? { key: 'index', descending: false },
    page: Object.fromEntries(
      LOOKS.filter((look) => search[look] !== undefined).map((look) => [look, search[look]]),
    ),
  };
}

/** The address that shows a rule. The router drops what of its looks cannot be used any more. */
export function searchOf({ id, rule }: { id: string; rule: ViewRule }): BrowsingSearch {
  const filter = tidied(rule.filter ?? {});
  const isSorted = rule.sort !== undefined && (rule.sort.key !== 'index' || rule.sort.descending);
  return {
    ...(rule.page as BrowsingSearch | undefined),
    ...(filter === undefined ? {} : { q: filter }),
    ...(isSorted ? { sort: rule.sort } : {}),
    view: id,
  };
}

/** Whether two rules ask for the same and look the same; how their parts are ordered does not matter. */
export function isSameRule(one: ViewRule, other: ViewRule): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, held: unknown) =>
    typeof held === 'object' && held !== null && !Array.isArray(held)
      ? Object.fromEntries(
          Object.entries(held)
            .filter(([, inner]) => inner !== null && !(Array.isArray(inner) && inner.length === 0))
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : held,
  );
}
