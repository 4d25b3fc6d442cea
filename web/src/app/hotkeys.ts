/** Keys of the whole app. Pages add their own with `useKeys`. */
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useKeys } from '@/ui/useKeys';
import type { DatasetFamily } from '@/api/queries/datasets';

const SEQUENCE_MS = 1200;

/** `g` and then a letter: go to a page of the dataset. */
export function useGoKeys(family: DatasetFamily | undefined): void {
  const navigate = useNavigate();
  const startedAt = useRef(0);
  useKeys({
    g: () => {
      startedAt.current = Date.now();
    },
  });
  useEffect(() => {
    const go = (event: KeyboardEvent) => {
      if (Date.now() - startedAt.current > SEQUENCE_MS || event.metaKey || event.ctrlKey || event.altKey)
        return;
      if (event.key === 'g') return;
      startedAt.current = 0;
      const to = destination(event.key, family);
      if (to === null) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      void navigate({ to });
    };
    window.addEventListener('keydown', go, { capture: true });
    return () => window.removeEventListener('keydown', go, { capture: true });
  }, [family, navigate]);
}

function destination(key: string, family: DatasetFamily | undefined): string | null {
  if (key === 'd') return '/';
  if (key === 'r') return '/runs';
  if (key === 'w') return '/workers';
  if (family === undefined) return null;
  const { dataset, images, currentCrops } = family;
  switch (key) {
    case 'o':
      return currentCrops === null ? null : `/d/${currentCrops.id}/objects`;
    case 'i':
      return `/d/${images.id}/images`;
    case 'e':
      return `/d/${dataset.id}/embedding`;
    case 't':
      return `/d/${dataset.id}/tags`;
    case 'v':
      return `/d/${dataset.id}/views`;
    case 'x':
      return `/d/${dataset.id}/exports`;
    default:
      return null;
  }
}
