import { Flex } from '@hubspot/ui-extensions';
import { PageLink, usePageRoute } from '@hubspot/ui-extensions/pages';
import { Loadable, useApi, useText, type Slot } from '@lumo/screens';
import { AccountChoice } from '../components/AccountChoice.tsx';
import { NEW, TemplateEditor } from '../components/templates/TemplateEditor.tsx';
import { TemplateList } from '../components/templates/TemplateList.tsx';

/** The message templates of one LINE account at a time. */
export const Templates = () => {
  const t = useText('templates');
  return <AccountChoice loading={t('loading')}>{(slot) => <TemplateList key={slot} slot={slot} />}</AccountChoice>;
};

/** One template, or a new one. */
export const TemplateDetail = () => {
  const t = useText('templates');
  const { params } = usePageRoute();
  const slot = Number(params.slot);
  const template = params.template ?? NEW;
  return (
    <Flex direction="column" gap="medium">
      <PageLink to="/templates">{t('back')}</PageLink>
      {template === NEW ? (
        <TemplateEditor key={NEW} slot={slot} template={null} />
      ) : (
        <Existing key={template} slot={slot} template={template} />
      )}
    </Flex>
  );
};

const Existing = ({ slot, template }: { slot: Slot; template: string }) => {
  const t = useText('templates');
  const loaded = useApi('GET /templates/{slot}/{template}', { path: { slot, template } });
  return (
    <Loadable from={loaded} label={t('edit.loading')}>
      {(data) => <TemplateEditor key={data.updatedAt} slot={slot} template={data} onSaved={loaded.reload} />}
    </Loadable>
  );
};
