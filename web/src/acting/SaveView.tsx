import { Button, Menu, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Bookmark, ChevronDown } from 'lucide-react';
import { useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { replaceView, viewsQuery, type View, type ViewRule } from '@/api/queries/views';
import { isEmptyFilter, type BrowsingSearch } from '@/model/browsing';
import { isSameRule, ruleOf } from '@/model/views';
import { notifyDone, notifyProblem } from '@/ui/notify';
import { ViewNameForm } from './ViewNameForm';

/** Saves filter, order and looks of the page as a view, or as what the opened view is from now on. */
export function SaveView({ dataset }: { dataset: DatasetDetails }) {
  const [isNaming, setNaming] = useState(false);
  const search: BrowsingSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const { data } = useQuery({ ...viewsQuery(dataset.id), enabled: search.view !== undefined });
  const opened = data?.items.find(({ id }) => id === search.view);
  const rule = ruleOf(search);
  if (opened !== undefined && isSameRule(opened.rule, rule)) return null;
  if (opened === undefined && isEmptyFilter(search.q) && search.sort === undefined) return null;
  const remember = (view: string) => {
    setNaming(false);
    void navigate({ to: '.', search: (before) => ({ ...before, view }), replace: true });
  };
  return (
    <>
      {opened === undefined ? (
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<Bookmark size={15} />}
          onClick={() => setNaming(true)}
        >
          Save view
        </Button>
      ) : (
        <UpdateMenu view={opened} rule={rule} onSaveNew={() => setNaming(true)} />
      )}
      <Modal opened={isNaming} onClose={() => setNaming(false)} title="Save as view">
        <ViewNameForm dataset={dataset} rule={rule} onSaved={remember} />
      </Modal>
    </>
  );
}

interface UpdateMenuProps {
  view: View;
  rule: ViewRule;
  onSaveNew: () => void;
}

function UpdateMenu({ view, rule, onSaveNew }: UpdateMenuProps) {
  const update = () => {
    replaceView(view.id, view.name, rule).then(() => notifyDone(`View ${view.name} updated`), notifyProblem);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<Bookmark size={15} />}
          rightSection={<ChevronDown size={14} />}
        >
          View changed
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={update}>Update view “{view.name}”</Menu.Item>
        <Menu.Item onClick={onSaveNew}>Save as a new view</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
