import type { May } from '../api/types.ts';
import { useApi } from '../api/useApi.ts';

const ALL: May = {
  sync: true,
  edit_friends: true,
  send_messages: true,
  edit_mappings: true,
  manage_accounts: true,
  change_settings: true,
  disconnect: true,
};

/** What the user may do, for enabling buttons. While it is not known everything is offered: the server decides anyway. */
export function useMay(): May {
  return useApi('GET /settings', {}).data?.may ?? ALL;
}
