import { useComputedColorScheme } from '@mantine/core';
import type { Scheme } from '@/model/palette';

/** Whether the page is light or dark right now. */
export function useScheme(): Scheme {
  return useComputedColorScheme('light', { getInitialValueInEffect: false });
}
