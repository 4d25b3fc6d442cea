import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { membersOfSelection } from '@/api/queries/samples';
import { getSelection } from '@/api/queries/selections';
import { useSelection } from '@/model/selection';
import { notifyProblem } from '@/ui/notify';

/** Pages whose `sel` is to be picked; on others it is what the page is about. */
const PICKING = /\/(objects|images|embedding)\/?$/;

/** Pick what a link says (`sel` of the address), once. */
export function useStoredSelection(datasetId: string): void {
  const { sel } = useSearch({ strict: false });
  const navigate = useNavigate();
  const replace = useSelection((state) => state.replace);
  useEffect(() => {
    if (sel === undefined || !PICKING.test(window.location.pathname)) return;
    let isCurrent = true;
    const pick = async () => {
      const selection = await getSelection(sel);
      if (selection.dataset_id !== datasetId) throw new Error('The link picks samples of another dataset');
      const members = await membersOfSelection(sel);
      if (isCurrent) replace(members);
    };
    const forget = () =>
      navigate({ to: '.', search: (search) => ({ ...search, sel: undefined }), replace: true });
    pick()
      .catch(notifyProblem)
      .finally(() => {
        if (isCurrent) void forget();
      });
    return () => {
      isCurrent = false;
    };
  }, [sel, datasetId, navigate, replace]);
}
