import { Flex, Heading, Input, LoadingButton, useDebounce } from '@hubspot/ui-extensions';
import { usePages, useText, type Format } from '@lumo/screens';
import { useState } from 'react';
import { useExport } from '../../hooks/useCopy.ts';
import { ExportButton } from '../ExportButton.tsx';
import { PagedTable } from '../PagedTable.tsx';
import { CHANGE_COLUMNS, ChangeRow } from './ChangeRow.tsx';

const ROWS = 20;

/** The field-level change log, of one run or of everything, with its filters and its export (P-73, P-74). */
export const ChangeLog = ({ run, contact: first = '', format }: { run?: string; contact?: string; format: Format }) => {
  const t = useText('dashboard');
  const [field, setField] = useState('');
  const [contact, setContact] = useState(first);
  const wanted = useDebounce({ field: field.trim(), contact: contact.trim() });
  const badContact = wanted.contact !== '' && !/^[1-9]\d{0,18}$/.test(wanted.contact);
  const filter = {
    ...(run && { run }),
    ...(wanted.field && { field: wanted.field }),
    ...(wanted.contact && !badContact && { contact: wanted.contact }),
  };
  const pages = usePages('GET /changes', { ...filter, limit: ROWS }, { skip: badContact });
  const exporting = useExport(filter);
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('changes.title')}</Heading>
      <Flex gap="small" align="end" wrap>
        <Input name="field" label={t('changes.filterField')} value={field} onInput={setField} />
        <Input
          name="contact"
          label={t('changes.filterContact')}
          value={contact}
          onInput={setContact}
          error={badContact}
          validationMessage={badContact ? t('resync.contactIdBad') : undefined}
        />
        <ExportButton what="changes" filter={filter} disabled={badContact} />
        <LoadingButton
          size="sm"
          loading={exporting.busy}
          disabled={badContact}
          onClick={() => void exporting.run('table')}
          testId="copy-table"
        >
          {t('csv.copyTable')}
        </LoadingButton>
      </Flex>
      <PagedTable
        pages={pages}
        loading={t('changes.loading')}
        empty={{ title: t('changes.empty'), text: t('changes.emptyText') }}
        head={CHANGE_COLUMNS.map((column) => t(column))}
        row={(change) => (
          <ChangeRow
            key={`${change.at} ${change.slot} ${change.user} ${change.field} ${change.to}`}
            change={change}
            format={format}
          />
        )}
      />
    </Flex>
  );
};
