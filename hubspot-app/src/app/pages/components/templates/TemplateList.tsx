import {
  Button,
  Flex,
  SearchInput,
  TableCell,
  TableRow,
  Text,
  useDebounce,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { PagedTable, useFormat, useMay, usePages, useText, type Slot, type TemplateRow } from '@lumo/screens';
import { useState } from 'react';
import { CopyTemplate } from './CopyTemplate.tsx';
import { DeleteTemplate } from './DeleteTemplate.tsx';
import { NEW } from './TemplateEditor.tsx';

const ROWS = 20;

/** The message templates of an account, newest first. */
export const TemplateList = ({ slot }: { slot: Slot }) => {
  const t = useText('templates');
  const may = useMay().send_messages;
  const { navigateToPage } = useExtensionActions<'pages'>();
  const [typed, setTyped] = useState('');
  const q = useDebounce(typed.trim());
  const pages = usePages('GET /templates', { slot, limit: ROWS, ...(q && { q }) });
  return (
    <Flex direction="column" gap="medium">
      <Text>{t('intro')}</Text>
      <Flex justify="between" align="end" gap="small" wrap>
        <SearchInput name="template-search" label={t('search')} value={typed} onInput={setTyped} clearable />
        <Button
          variant="primary"
          testId="create-template"
          disabled={!may}
          onClick={() => navigateToPage({ to: `/templates/${slot}/${NEW}` })}
        >
          {t('create')}
        </Button>
      </Flex>
      <PagedTable
        pages={pages}
        loading={t('loading')}
        empty={
          q ? { title: t('empty.search'), text: t('empty.searchText') } : { title: t('empty'), text: t('emptyText') }
        }
        head={[t('col.name'), t('col.summary'), t('col.updated'), t('col.actions')]}
        row={(template) => <Row key={template.id} template={template} may={may} onChanged={pages.reload} />}
      />
    </Flex>
  );
};

const Row = ({ template, may, onChanged }: { template: TemplateRow; may: boolean; onChanged: () => void }) => {
  const t = useText('templates');
  const { dateTime } = useFormat();
  return (
    <TableRow>
      <TableCell>
        <PageLink to={`/templates/${template.slot}/${template.id}`}>{short(template.name)}</PageLink>
      </TableCell>
      <TableCell>
        <Text truncate={{ maxWidth: 320, tooltipText: template.summary }}>{template.summary}</Text>
      </TableCell>
      <TableCell>
        <Text>{dateTime(template.updatedAt)}</Text>
        {template.updatedBy !== '' && (
          <Text variant="microcopy" truncate={{ maxWidth: 200, tooltipText: template.updatedBy }}>
            {t('by', { who: template.updatedBy })}
          </Text>
        )}
      </TableCell>
      <TableCell>
        <Flex gap="xs" wrap>
          <CopyTemplate template={template} may={may} onChanged={onChanged} />
          <DeleteTemplate template={template} may={may} onChanged={onChanged} />
        </Flex>
      </TableCell>
    </TableRow>
  );
};

const LONGEST_SHOWN = 60;

function short(name: string): string {
  const letters = [...name];
  return letters.length > LONGEST_SHOWN ? `${letters.slice(0, LONGEST_SHOWN - 1).join('')}…` : name;
}
