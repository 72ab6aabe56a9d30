import { Flex, TableCell, TableRow, Text } from '@hubspot/ui-extensions';
import { PagedTable, useFormat, usePages, useText, type AuditEntry, type Format } from '@lumo/screens';

const ROWS = 20;
const ACTIONS = [
  'installed',
  'reauthorized',
  'settings_changed',
  'disconnected',
  'uninstalled',
  'grant_refused',
  'line_connected',
  'line_disconnected',
  'line_login_changed',
  'line_linking_changed',
  'link_made',
  'conflict_decided',
  'links_written',
  'forwards_changed',
  'property_chosen',
  'property_recreated',
  'mapping_changed',
  'write_back_held',
  'write_back_confirmed',
  'tag_created',
  'tag_renamed',
  'tags_changed',
  'segment_created',
  'segment_changed',
  'segment_deleted',
  'tag_deleted',
  'tag_restored',
  'tag_copied',
  'import_started',
  'friend_unlinked',
  'import_canceled',
  'failed_items_retried',
  'list_selection_changed',
  'data_exported',
  'template_kept',
  'template_deleted',
  'quiet_hours_changed',
  'link_form_changed',
] as const;

/** Who changed what (P-151). */
export const AuditLog = ({ timeZone }: { timeZone: string }) => {
  const t = useText('settings');
  const format = useFormat(timeZone);
  const pages = usePages('GET /audit', { limit: ROWS });
  return (
    <PagedTable
      pages={pages}
      loading={t('audit.loading')}
      empty={{ title: t('audit.empty'), text: t('audit.emptyText') }}
      head={[t('audit.when'), t('audit.who'), t('audit.what'), t('audit.changes')]}
      row={(entry) => <AuditRow key={entry.id} entry={entry} format={format} />}
    />
  );
};

const AuditRow = ({ entry, format }: { entry: AuditEntry; format: Format }) => {
  const t = useText('settings');
  const action = ACTIONS.find((known) => known === entry.action);
  const user = entry.userId === null ? t('audit.app') : t('audit.user', { id: String(entry.userId) });
  return (
    <TableRow>
      <TableCell>{format.dateTime(entry.at)}</TableCell>
      <TableCell>
        <Text truncate={{ maxWidth: 200 }}>{entry.email ?? user}</Text>
      </TableCell>
      <TableCell>
        <Text>{action ? t(`audit.${action}`) : entry.action}</Text>
        {entry.subject && (
          <Text variant="microcopy" truncate={{ maxWidth: 220, tooltipText: entry.subject }}>
            {entry.subject}
          </Text>
        )}
      </TableCell>
      <TableCell>
        <Flex direction="column" gap="flush">
          {entry.changes.map(({ field, old, new: now }) => {
            const text = `${field}: ${old || t('audit.nothing')} → ${now || t('audit.nothing')}`;
            return (
              <Text key={field} variant="microcopy" truncate={{ maxWidth: 320, tooltipText: text }}>
                {text}
              </Text>
            );
          })}
        </Flex>
      </TableCell>
    </TableRow>
  );
};
