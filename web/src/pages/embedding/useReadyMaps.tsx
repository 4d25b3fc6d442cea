import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { Button } from '@mantine/core';
import type { Projection } from '@/api/queries/projections';
import { METHOD_NAMES } from '@/model/mapMethods';

/** Offer a map that becomes ready while somebody looks at another one. */
export function useReadyMaps(
  projections: readonly Projection[],
  current: string | undefined,
  onShow: (projection: string) => void,
): void {
  const pending = useRef<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const isNew = ({ id, state }: Projection) =>
      state === 'READY' && pending.current.has(id) && id !== current;
    for (const { id, method } of projections.filter(isNew)) {
      const show = () => {
        notifications.hide(id);
        onShow(id);
      };
      notifications.show({
        id,
        color: 'teal',
        title: `The ${METHOD_NAMES[method]} map is ready`,
        message: (
          <Button size="compact-sm" variant="light" mt={6} onClick={show}>
            Show it
          </Button>
        ),
        autoClose: 20_000,
      });
    }
    pending.current = new Set(projections.filter(({ state }) => state === 'PENDING').map(({ id }) => id));
  }, [projections, current, onShow]);
}
