import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { BrowsingSearch } from '@/model/browsing';
import type { ChangeSearch } from './SampleBrowser';

/** Change the address of a page that shows samples. */
export function useBrowsing(from: '/d/$dataset/objects' | '/d/$dataset/images'): ChangeSearch {
  const navigate = useNavigate({ from });
  return useCallback(
    (part, { isNext = false } = {}) => {
      const search = (before: BrowsingSearch): BrowsingSearch => ({ ...before, ...part });
      void navigate({ to: '.', search, replace: !isNext });
    },
    [navigate],
  );
}
