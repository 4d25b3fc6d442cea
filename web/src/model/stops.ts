/** Why a selection ended, in words. */

const STOPS: Record<string, string> = {
  count: 'stopped at the amount',
  minimum_distance: 'stopped at the minimum distance',
  minimum_value: 'stopped at the minimum typicality',
  maximum_sum: 'stopped at the maximum sum',
  limits: 'the limits left no more',
  exhausted: 'there was no more',
};

/** Empty for a reason that nobody knows, as of older runs. */
export const stopInWords = (reason: string | undefined): string => STOPS[reason ?? ''] ?? '';
