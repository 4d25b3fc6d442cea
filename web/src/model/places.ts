/** Where images can lie, what opens such a place, and what a dataset made of it may be called. */

export type PlaceKind = 'folder' | 's3' | 'gs' | 'az' | 'obs';

export interface AccessField {
  name: string;
  label: string;
  about?: string;
  isSecret?: boolean;
  /** More than one line. */
  isLong?: boolean;
}

export interface KindOfPlace {
  kind: PlaceKind;
  label: string;
  placeholder: string;
  about: string;
  /** What may be given to open it: `swath.wire.datasource_access`. */
  fields: readonly AccessField[];
}

const S3_FIELDS: readonly AccessField[] = [
  { name: 'access_key_id', label: 'Access key id', isSecret: true },
  { name: 'secret_access_key', label: 'Secret access key', isSecret: true },
  { name: 'session_token', label: 'Session token', about: 'Of keys that end', isSecret: true },
  { name: 'region', label: 'Region', about: 'Found out for Amazon’s buckets' },
  { name: 'endpoint', label: 'Endpoint', about: 'URL of the store where it is not Amazon’s' },
  { name: 'role_arn', label: 'Role to take on', about: 'Its ARN' },
  { name: 'external_id', label: 'External id of the role', isSecret: true },
  { name: 'kms_key', label: 'KMS key', about: 'ARN; for the crops that are written' },
];

export const KINDS: readonly KindOfPlace[] = [
  {
    kind: 'folder',
    label: 'Folder',
    placeholder: '/data/photos',
    about: 'A folder on the machine of the server, with images at any depth.',
    fields: [],
  },
  {
    kind: 's3',
    label: 'Amazon S3',
    placeholder: 's3://bucket/prefix',
    about: 'A bucket of Amazon, or of a store that speaks like it.',
    fields: S3_FIELDS,
  },
  {
    kind: 'gs',
    label: 'Google Cloud',
    placeholder: 'gs://bucket/prefix',
    about: 'A bucket of Google Cloud Storage.',
    fields: [
      {
        name: 'service_account',
        label: 'Key of a service account',
        about: 'The whole JSON document',
        isSecret: true,
        isLong: true,
      },
      { name: 'project_id', label: 'Project' },
      { name: 'endpoint', label: 'Endpoint', about: 'URL, where it is not Google’s' },
    ],
  },
  {
    kind: 'az',
    label: 'Azure',
    placeholder: 'az://container@account/prefix',
    about: 'A container of Azure Blob Storage.',
    fields: [
      { name: 'account_name', label: 'Account', about: 'If the place does not name it' },
      { name: 'account_key', label: 'Account key', isSecret: true },
      { name: 'sas_token', label: 'SAS token', about: 'Instead of the account key', isSecret: true },
      { name: 'endpoint', label: 'Endpoint', about: 'URL of the blob service' },
    ],
  },
  {
    kind: 'obs',
    label: 'Huawei OBS',
    placeholder: 'obs://bucket/prefix',
    about: 'A bucket of Huawei’s Object Storage Service; it needs an endpoint.',
    fields: S3_FIELDS,
  },
];

const SCHEMES: Record<string, PlaceKind> = {
  s3: 's3',
  s3a: 's3',
  gs: 'gs',
  gcs: 'gs',
  az: 'az',
  abfss: 'az',
  obs: 'obs',
};

/** What a place is, as far as it is written; a folder if nothing else. */
export function kindOfPlace(place: string): PlaceKind {
  const scheme = /^([a-z0-9]+):\/\//i.exec(place.trim())?.[1]?.toLowerCase();
  return (scheme === undefined ? undefined : SCHEMES[scheme]) ?? 'folder';
}

export function describedKind(kind: PlaceKind): KindOfPlace {
  return KINDS.find((one) => one.kind === kind) ?? (KINDS[0] as KindOfPlace);
}

/** How a bucket is opened: with what the server has, with what is typed, or without anything as it is public. */
export type AccessMode = 'server' | 'given' | 'public';

export interface Access {
  mode: AccessMode;
  /** What was typed, by name. Kept in memory alone. */
  values: Readonly<Record<string, string>>;
}

export const SERVERS_OWN: Access = { mode: 'server', values: {} };

/** Credentials as the server wants them; null for its own. Fields of other kinds that were typed before stay out. */
export function credentialsOf(kind: PlaceKind, access: Access): Record<string, string> | null {
  if (kind === 'folder' || access.mode === 'server') return null;
  if (access.mode === 'public') return {};
  const names = describedKind(kind).fields.map(({ name }) => name);
  return Object.fromEntries(
    names.map((name) => [name, (access.values[name] ?? '').trim()]).filter(([, value]) => value !== ''),
  ) as Record<string, string>;
}

/** A name for a dataset of a place, made of its last part: `swath.core.names.clean_dataset_name`. */
export function suggestedName(place: string): string {
  const path = place.trim().replace(/^[a-z0-9]+:\/\//i, '');
  const last = path.split('/').findLast((part) => part !== '') ?? '';
  const cleaned = last
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-zA-Z0-9 _-]+/g, '-')
    .replace(/^[ _-]+|[ _-]+$/g, '')
    .slice(0, 108);
  if (cleaned.length >= 3) return cleaned;
  return cleaned === '' ? 'dataset' : `dataset-${cleaned}`;
}
