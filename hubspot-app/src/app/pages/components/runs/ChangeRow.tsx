import { Flex, Link, TableCell, TableRow, Text } from '@hubspot/ui-extensions';
import { useHubSpotLinks, useText, type Change, type Format, type Key } from '@lumo/screens';

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

export const CHANGE_COLUMNS = [
  'changes.when',
  'changes.contact',
  'changes.field',
  'changes.change',
  'changes.where',
  'changes.why',
] as const satisfies readonly Key<'dashboard'>[];

/** One change of one field: old and new, where, and why that side won (P-73). */
export const ChangeRow = ({ change, format }: { change: Change; format: Format }) => {
  const t = useText('dashboard');
  const words = useText('common');
  const links = useHubSpotLinks();
  const reason = REASONS.find((known) => known === change.reason);
  const winner = change.winner === 'hubspot' || change.winner === 'lumo' ? words(change.winner) : change.winner;
  const hubspotAt = format.dateTime(change.hubspotAt);
  return (
    <TableRow>
      <TableCell>{format.dateTime(change.at)}</TableCell>
      <TableCell>
        {change.contactId ? (
          <Link href={{ url: links.contact(change.contactId), external: true }}>{change.contactId}</Link>
        ) : (
          '–'
        )}
      </TableCell>
      <TableCell>
        <Text truncate={{ maxWidth: 180 }}>{change.field}</Text>
      </TableCell>
      <TableCell>
        <Flex direction="column" gap="flush">
          <Value text={change.old} clipped={change.clipped} old />
          <Value text={change.new} clipped={change.clipped} />
        </Flex>
      </TableCell>
      <TableCell>{words(change.to)}</TableCell>
      <TableCell>
        <Text>
          {t('changes.why.text', {
            winner,
            reason: reason ? words(`reason.${reason}`) : change.reason,
            rule: words(`rule.${change.rule}`),
          })}
        </Text>
        <Text variant="microcopy">
          {t('changes.times', {
            hubspot: change.hubspotAtIsBound ? t('changes.bound', { when: hubspotAt }) : hubspotAt,
            lumo: format.dateTime(change.lumoAt),
          })}
        </Text>
      </TableCell>
    </TableRow>
  );
};

const Value = ({ text, clipped, old = false }: { text: string; clipped: boolean; old?: boolean }) => {
  const t = useText('dashboard');
  const shown = text === '' ? t('changes.empty.value') : text;
  return (
    <Text
      truncate={{ maxWidth: 240, tooltipText: shown }}
      format={old ? { lineDecoration: 'strikethrough' } : { fontWeight: 'demibold' }}
    >
      {clipped ? `${shown} ${t('changes.clipped')}` : shown}
    </Text>
  );
};
