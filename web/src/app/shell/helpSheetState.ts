import { create } from 'zustand';

export const useHelpSheet = create(() => ({ isOpen: false }));

export const helpSheet = {
  open: () => useHelpSheet.setState({ isOpen: true }),
  close: () => useHelpSheet.setState({ isOpen: false }),
};
