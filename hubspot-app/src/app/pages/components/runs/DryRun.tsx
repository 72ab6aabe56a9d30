import {
  Alert,
  Button,
  EmptyState,
  Flex,
  Heading,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Text,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useText, type Change, type Format, type RunDetail } from '@lumo/screens';
import { useCopy } from '../../hooks/useCopy.ts';
import { isOver } from '../../utils/run.ts';
import { CHANGE_COLUMNS, ChangeRow } from './ChangeRow.tsx';

const SAMPLE_COLUMNS = ['contact', 'field', 'to', 'old', 'new', 'winner', 'reason', 'rule'];
const sampleRow = (c: Change) => [c.contactId ?? '', c.field, c.to, c.old, c.new, c.winner, c.reason, c.rule];

/** What a dry run found (P-64): changes by field, samples, and the confirmation when the first write-back waits for one. */
export const DryRun = ({ run, format, held }: { run: RunDetail; format: Format; held: boolean }) => {
  const t = useText('dashboard');
  const copy = useCopy();
  if (run.status === 'failed') return null;
  if (!isOver(run)) return <Alert title={t('preview.running')} variant="info" />;
  return (
    <Flex direction="column" gap="small">
      <Flex justify="between" align="center" gap="small" wrap>
        <Heading>{t('preview.title')}</Heading>
        {held && <Confirm />}
      </Flex>
      <Text>{t('preview.text')}</Text>
      {run.fields.length === 0 ? (
        <EmptyState title={t('preview.nothing')} layout="vertical" reverseOrder imageWidth={120}>
          <Text>{t('preview.nothingText')}</Text>
        </EmptyState>
      ) : (
        <FieldTable run={run} format={format} />
      )}
      {run.samples.length > 0 && (
        <>
          <Flex justify="between" align="center" gap="small" wrap>
            <Flex direction="column" gap="flush">
              <Heading>{t('preview.samples')}</Heading>
              <Text variant="microcopy">{t('preview.samplesText', { n: run.samples.length })}</Text>
            </Flex>
            <Button
              size="sm"
              onClick={() => void copy([SAMPLE_COLUMNS, ...run.samples.map(sampleRow)], 'csv')}
              testId="copy-samples"
            >
              {t('preview.copy')}
            </Button>
          </Flex>
          <Table bordered density="condensed">
            <TableHead>
              <TableRow>
                {CHANGE_COLUMNS.map((column) => (
                  <TableHeader key={column}>{t(column)}</TableHeader>
                ))}
              </TableRow>
            </TableHead>
            <TableBody>
              {run.samples.map((change, i) => (
                <ChangeRow key={`${change.user} ${change.field} ${i}`} change={change} format={format} />
              ))}
            </TableBody>
          </Table>
        </>
      )}
    </Flex>
  );
};

const FieldTable = ({ run, format }: { run: RunDetail; format: Format }) => {
  const t = useText('dashboard');
  return (
    <Table bordered density="condensed" testId="fields">
      <TableHead>
        <TableRow>
          <TableHeader>{t('preview.field')}</TableHeader>
          <TableHeader align="right">{t('preview.inHubspot')}</TableHeader>
          <TableHeader align="right">{t('preview.inLumo')}</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {run.fields.map(({ field, hubspot, lumo }) => (
          <TableRow key={field}>
            <TableCell>
              <Text truncate={{ maxWidth: 320 }}>{field}</Text>
            </TableCell>
            <TableCell align="right">{format.number(hubspot)}</TableCell>
            <TableCell align="right">{format.number(lumo)}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
};

const MODAL = 'confirm-preview';

const Confirm = () => {
  const t = useText('dashboard');
  const words = useText('common');
  const { closeOverlay, addAlert, navigateToPage } = useExtensionActions<'pages'>();
  const confirm = useAction('POST /sync/confirm');
  const go = async () => {
    if (!(await confirm.run({}))) return;
    closeOverlay(MODAL);
    addAlert({ type: 'success', message: t('preview.confirmed') });
    navigateToPage({ to: '/' });
  };
  return (
    <Button
      variant="primary"
      testId="confirm"
      overlay={
        <Modal id={MODAL} title={t('preview.confirmTitle')} onOpen={confirm.clear}>
          <ModalBody>
            <Text>{t('preview.confirmText')}</Text>
            <ErrorAlert error={confirm.error} />
          </ModalBody>
          <ModalFooter>
            <LoadingButton variant="primary" loading={confirm.busy} onClick={() => void go()} testId="confirm-go">
              {t('preview.confirm')}
            </LoadingButton>
            <Button onClick={() => closeOverlay(MODAL)}>{words('cancel')}</Button>
          </ModalFooter>
        </Modal>
      }
    >
      {t('preview.confirm')}
    </Button>
  );
};
