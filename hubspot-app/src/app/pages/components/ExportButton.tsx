import { Button, Flex, LoadingButton, Text } from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useLanguage, useText, type CreateExport } from '@lumo/screens';
import { useEffect, useState } from 'react';

interface Props {
  what: CreateExport['what'];
  /** The filter of the table beside it, so that the file holds what is shown, all pages of it. */
  filter?: Readonly<Record<string, string | number | boolean | undefined>>;
  disabled?: boolean;
}

/**
 * Rows as a CSV file (P-74, P-141). An extension cannot offer a file, so the server makes an address, good for some minutes, whose page
 * saves one; a link must be pressed by the person.
 */
export const ExportButton = ({ what, filter = {}, disabled = false }: Props) => {
  const wanted = Object.fromEntries(
    Object.entries(filter)
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => [name, String(value)]),
  );
  return <Export key={JSON.stringify([what, wanted])} what={what} filter={wanted} disabled={disabled} />;
};

const Export = ({
  what,
  filter,
  disabled,
}: {
  what: CreateExport['what'];
  filter: Record<string, string>;
  disabled: boolean;
}) => {
  const t = useText('common');
  const { language } = useLanguage();
  const { run, busy, error } = useAction('POST /exports');
  const [url, setUrl] = useState<string | null>(null);

  useEffect(() => {
    if (url === null) return;
    const timer = setTimeout(() => setUrl(null), LINK_LIFE_MS);
    return () => clearTimeout(timer);
  }, [url]);

  const make = async () => {
    const link = await run({ body: { what, filter, language } });
    if (link) setUrl(link.url);
  };
  return (
    <Flex direction="column" gap="xs" align="start">
      {url === null ? (
        <LoadingButton
          size="sm"
          loading={busy}
          disabled={disabled}
          onClick={() => void make()}
          testId={`export-${what}`}
        >
          {t('export.csv')}
        </LoadingButton>
      ) : (
        <>
          <Button size="sm" variant="primary" href={{ url, external: true }} testId={`save-${what}`}>
            {t('export.save')}
          </Button>
          <Text variant="microcopy">{t('export.help')}</Text>
        </>
      )}
      <ErrorAlert error={error} />
    </Flex>
  );
};

/** A little less than the server's ten minutes. */
const LINK_LIFE_MS = 9 * 60_000;
