import { StatusTag } from '@hubspot/ui-extensions';
import { useText, type Broadcast } from '@lumo/screens';

const VARIANTS = {
  draft: 'default',
  scheduled: 'info',
  sending: 'info',
  sent: 'success',
  partly_sent: 'warning',
  held: 'warning',
  attention: 'danger',
  canceled: 'default',
} as const;

/** What people call the status: one that is held for anything but quota needs attention (P-53, P-125). */
export const statusOf = ({ status, hold }: Broadcast): keyof typeof VARIANTS =>
  status === 'held' && hold !== null && hold.reason !== 'quota' ? 'attention' : status;

export const StatusMark = ({ broadcast }: { broadcast: Broadcast }) => {
  const t = useText('broadcasts');
  const status = statusOf(broadcast);
  return <StatusTag variant={VARIANTS[status]}>{t(`status.${status}`)}</StatusTag>;
};
