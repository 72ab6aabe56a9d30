import { Accordion, Button, Flex, Text } from '@hubspot/ui-extensions';
import { Loadable, usePages, useText, type Change, type Format, type FriendDetail } from '@lumo/screens';
import { useState } from 'react';

const ROWS = 10;

interface Props {
  friend: FriendDetail;
  format: Format;
}

/** What the sync changed, field by field, with the reason. It is asked for when it is opened. */
export const SyncLog = (props: Props) => {
  const t = useText('card');
  const [open, setOpen] = useState(false);
  return (
    <Accordion title={t('log.title')} size="small" open={open} onClick={() => setOpen(!open)}>
      {open && <Log {...props} />}
    </Accordion>
  );
};

const Log = ({ friend, format }: Props) => {
  const t = useText('card');
  const pages = usePages('GET /changes', { slot: friend.slot, user: friend.user, limit: ROWS });
  const { page, pageCount, onPageChange } = pages;
  return (
    <Loadable from={{ data: pages.items, error: pages.error, reload: pages.reload }} label={t('log.loading')}>
      {(changes) => (
        <Flex direction="column" gap="small">
          {changes.length === 0 && pageCount === 1 && <Text variant="microcopy">{t('log.empty')}</Text>}
          {changes.map((change) => (
            <Line key={`${change.at} ${change.field} ${change.to}`} change={change} friend={friend} format={format} />
          ))}
          {pageCount > 1 && (
            <Flex gap="small">
              <Button size="xs" disabled={page === 1 || pages.loading} onClick={() => onPageChange(page - 1)}>
                {t('log.newer')}
              </Button>
              <Button size="xs" disabled={page >= pageCount || pages.loading} onClick={() => onPageChange(page + 1)}>
                {t('log.older')}
              </Button>
            </Flex>
          )}
        </Flex>
      )}
    </Loadable>
  );
};

const REASONS = [
  'only_hubspot',
  'only_lumo',
  'newer_in_hubspot',
  'newer_in_lumo',
  'tie_hubspot',
  'by_rule',
  'filled_empty',
  'link_ended',
] as const;

const Line = ({ change, friend, format }: Props & { change: Change }) => {
  const t = useText('card');
  const words = useText('common');
  const friends = useText('friends');
  const field = friend.fields.find(({ property }) => property === change.field)?.label ?? change.field;
  const reason = REASONS.find((known) => known === change.reason);
  const winner = change.winner === 'hubspot' || change.winner === 'lumo' ? words(change.winner) : change.winner;
  const empty = friends('field.empty');
  return (
    <Flex direction="column" gap="flush">
      <Text>{t('log.line', { field, old: change.old || empty, new: change.new || empty })}</Text>
      <Text variant="microcopy">
        {t('log.why', {
          when: format.dateTime(change.at),
          where: words(change.to),
          winner,
          reason: reason ? words(`reason.${reason}`) : change.reason,
        })}
      </Text>
    </Flex>
  );
};
