import { useState } from 'react';
import { NEW_RUN, type RunForm } from '@/model/runForm';

export type ChangeForm = (change: Partial<RunForm>) => void;

/** The values of the form: what a person has changed, over what it begins with, which may come later. */
export function useRunForm(first: Partial<RunForm>): [RunForm, ChangeForm] {
  const [changed, setChanged] = useState<Partial<RunForm>>({});
  const form = { ...NEW_RUN, ...first, ...changed };
  return [form, (change) => setChanged((before) => ({ ...before, ...change }))];
}
