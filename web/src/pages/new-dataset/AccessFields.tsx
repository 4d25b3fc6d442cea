import { PasswordInput, Radio, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core';
import { useId } from 'react';
import {
  describedKind,
  type Access,
  type AccessField,
  type AccessMode,
  type PlaceKind,
} from '@/model/places';

interface AccessFieldsProps {
  kind: PlaceKind;
  access: Access;
  onChange: (access: Access) => void;
}

/** What opens a bucket. It goes to the server and nowhere else: no address, no storage of the browser. */
export function AccessFields({ kind, access, onChange }: AccessFieldsProps) {
  const group = useId();
  const { fields } = describedKind(kind);
  const set = (name: string, value: string) =>
    onChange({ ...access, values: { ...access.values, [name]: value } });
  return (
    <Stack gap="sm">
      <Radio.Group
        label="Credentials"
        name={group}
        value={access.mode}
        onChange={(mode) => onChange({ ...access, mode: mode as AccessMode })}
      >
        <Stack gap={6} mt={6}>
          <Radio value="server" label="Those of the server’s machine (for the owner of the server)" />
          <Radio value="given" label="These, kept encrypted" />
          <Radio value="public" label="None: the bucket is open to everybody" />
        </Stack>
      </Radio.Group>
      {access.mode === 'given' && (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" verticalSpacing="xs">
          {fields.map((field) => (
            <Field
              key={field.name}
              field={field}
              value={access.values[field.name] ?? ''}
              onChange={(value) => set(field.name, value)}
            />
          ))}
        </SimpleGrid>
      )}
    </Stack>
  );
}

interface FieldProps {
  field: AccessField;
  value: string;
  onChange: (value: string) => void;
}

function Field({ field: { name, label, about, isSecret, isLong }, value, onChange }: FieldProps) {
  const shared = { name, label, description: about, value, spellCheck: false, inputWrapperOrder: ORDER };
  if (isLong) {
    return (
      <Textarea
        {...shared}
        autosize
        minRows={2}
        maxRows={6}
        autoComplete="off"
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  if (isSecret) {
    return (
      <PasswordInput
        {...shared}
        autoComplete="new-password"
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  return (
    <TextInput {...shared} autoComplete="off" onChange={(event) => onChange(event.currentTarget.value)} />
  );
}

const ORDER: ('label' | 'input' | 'description' | 'error')[] = ['label', 'input', 'description', 'error'];
