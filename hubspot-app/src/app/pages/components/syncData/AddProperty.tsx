import {
  Accordion,
  Button,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  SearchInput,
  TableCell,
  TableRow,
  Text,
  useDebounce,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, usePages, useText, type Candidate, type Rule } from '@lumo/screens';
import { useState } from 'react';
import { PagedTable } from '../PagedTable.tsx';
import { RuleSelect } from './RuleSelect.tsx';
import { typeKey } from './types.ts';

const MODAL = 'add-property';
const ROWS = 10;

/** "Add HubSpot Property" (P-37): search the portal's own properties; the rule is given by itself and may be chosen. */
export const AddProperty = ({ full, onAdded }: { full: boolean; onAdded: () => void }) => {
  const t = useText('syncData');
  const words = useText('common');
  const { closeOverlay } = useExtensionActions<'pages'>();
  const [open, setOpen] = useState(false);
  return (
    <Button
      variant="primary"
      disabled={full}
      testId="add-property"
      overlay={
        <Modal id={MODAL} title={t('add.title')} width="lg" onOpen={() => setOpen(true)} onClose={() => setOpen(false)}>
          <ModalBody>{open && <Search onAdded={onAdded} />}</ModalBody>
          <ModalFooter>
            <Button onClick={() => closeOverlay(MODAL)}>{words('close')}</Button>
          </ModalFooter>
        </Modal>
      }
    >
      {t('add')}
    </Button>
  );
};

const Search = ({ onAdded }: { onAdded: () => void }) => {
  const t = useText('syncData');
  const { closeOverlay, addAlert } = useExtensionActions<'pages'>();
  const [text, setText] = useState('');
  const [rule, setRule] = useState<Rule>('newest_wins');
  const [adding, setAdding] = useState<string | null>(null);
  const search = useDebounce(text.trim());
  const pages = usePages('GET /properties', { ...(search && { search }), limit: ROWS });
  const action = useAction('POST /mappings');

  const add = async (candidate: Candidate) => {
    setAdding(candidate.name);
    const chosen = candidate.fit === 'both' ? { rule } : {};
    const answer = await action.run({ body: { property: candidate.name, ...chosen } });
    setAdding(null);
    if (!answer) return;
    closeOverlay(MODAL);
    addAlert({ type: 'success', title: answer.mapping.label, message: t(answer.queued ? 'queued' : 'started') });
    onAdded();
  };

  return (
    <Flex direction="column" gap="small">
      <SearchInput
        name="search"
        label={t('add.search')}
        description={t('add.searchHelp')}
        value={text}
        onInput={setText}
        clearable
      />
      <Accordion title={t('add.rule')} size="small">
        <RuleSelect label={t('add.rule')} value={rule} onChange={setRule} />
      </Accordion>
      <ErrorAlert error={action.error} />
      <PagedTable
        pages={pages}
        loading={t('add.loading')}
        empty={{ title: t('add.none'), text: t('add.noneText') }}
        head={[t('add.name'), t('add.group'), t('add.type'), t('col.actions')]}
        row={(candidate) => (
          <CandidateRow key={candidate.name} candidate={candidate} adding={adding} onAdd={() => void add(candidate)} />
        )}
      />
    </Flex>
  );
};

interface RowProps {
  candidate: Candidate;
  adding: string | null;
  onAdd: () => void;
}

const CandidateRow = ({ candidate, adding, onAdd }: RowProps) => {
  const t = useText('syncData');
  const type = typeKey(candidate);
  const cannot = candidate.mapped ? t('add.mapped') : candidate.fit === 'none' ? t('add.unfit') : null;
  return (
    <TableRow>
      <TableCell>
        <Text truncate={{ maxWidth: 260, tooltipText: candidate.label }}>{candidate.label}</Text>
        <Text variant="microcopy" truncate={{ maxWidth: 260 }}>
          {candidate.name}
        </Text>
      </TableCell>
      <TableCell>
        <Text truncate={{ maxWidth: 140 }}>{candidate.group}</Text>
      </TableCell>
      <TableCell>
        <Text>{type ? t(type) : candidate.type}</Text>
        {candidate.fit === 'one_way' && <Text variant="microcopy">{t('add.oneWay')}</Text>}
      </TableCell>
      <TableCell>
        {cannot ? (
          <Text variant="microcopy">{cannot}</Text>
        ) : (
          <LoadingButton
            size="xs"
            loading={adding === candidate.name}
            disabled={adding !== null && adding !== candidate.name}
            onClick={onAdd}
          >
            {t('add.choose')}
          </LoadingButton>
        )}
      </TableCell>
    </TableRow>
  );
};
