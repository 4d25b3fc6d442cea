import { useLocalStorage } from '@mantine/hooks';

const WIDE_ENOUGH = 1200;

/** Whether filters stand beside grids: as it was left, at first where there is room. */
export function useFacetsOpen(): { isOpen: boolean; toggle: () => void } {
  const [isOpen, setOpen] = useLocalStorage({
    key: 'swath-filters-open',
    defaultValue: window.innerWidth >= WIDE_ENOUGH,
    getInitialValueInEffect: false,
  });
  return { isOpen, toggle: () => setOpen((before) => !before) };
}
