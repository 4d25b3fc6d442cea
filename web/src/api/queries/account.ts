import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

/** Who is asking; the same for as long as the page is open. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => ok(api.GET('/api/me', { signal })),
  staleTime: Infinity,
});

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => ok(api.GET('/api/users', { signal })),
});

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => ok(api.GET('/api/tokens', { signal })),
});

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => ok(api.GET('/api/health', { signal })),
});

/** Accounts are no subject of events: who changes them asks again. */
function useAccountMutation<Input, Output>(change: (input: Input) => Promise<Output>, noun: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: [noun] }),
  });
}

export function useCreateToken() {
  return useAccountMutation(
    (body: Schemas['TokenCreate']) => ok(api.POST('/api/tokens', { body })),
    'tokens',
  );
}

export function useRevokeToken() {
  return useAccountMutation(
    (token: string) => ok(api.DELETE('/api/tokens/{token}', { params: { path: { token } } })),
    'tokens',
  );
}

export function useCreateUser() {
  return useAccountMutation((name: string) => ok(api.POST('/api/users', { body: { name } })), 'users');
}

export function useLogOut() {
  return useMutation({ mutationFn: () => ok(api.POST('/api/logout')) });
}
